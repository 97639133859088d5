import { Bar } from "#lib/ui/chrome/bar.tsx";
import { Waiting } from "#lib/ui/chrome/message-page.tsx";

export default function Loading() {
  return (
    <>
      <Bar />
      <Waiting>Opening the lab</Waiting>
    </>
  );
}

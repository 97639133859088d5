import type { Metadata } from "next";
import Link from "next/link";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { MessagePage } from "#lib/ui/chrome/message-page.tsx";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <>
      <Bar />
      <MessagePage title="There is nothing at this address">
        <p>
          The page may have moved, the address may have a slip in it, or it is not yours to see.
        </p>
        <p>
          <Link href="/">Go to your courses</Link>
        </p>
      </MessagePage>
    </>
  );
}

"use client";

import { Bar } from "#lib/ui/chrome/bar.tsx";
import { MessagePage } from "#lib/ui/chrome/message-page.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";

export default function ErrorPage({
  error,
  reset,
}: {
  error: { digest?: string };
  reset: () => void;
}) {
  return (
    <>
      <Bar />
      <MessagePage title="This page could not be made">
        <p>
          Something went wrong on the server. What you typed in a lab is kept in this browser and
          comes back with the page.
        </p>
        <div>
          <button type="button" className={`${chrome.primary} ${chrome.big}`} onClick={reset}>
            Try again
          </button>{" "}
          {/* A plain link: a fresh load also mends a page that was out of step with the server. */}
          <a className={`${chrome.button} ${chrome.big}`} href="/">
            Go to your courses
          </a>
        </div>
        {error.digest && <p>If it happens again, tell whoever runs this server: {error.digest}</p>}
      </MessagePage>
    </>
  );
}

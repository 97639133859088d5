import { liveAuth } from "#lib/auth/live.ts";
import { baseUrlOf } from "#lib/auth/origin.ts";

/** Sign-in as an API. The product is wherever the browser found it, which Next's own idea of our address is not. */
async function answer(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const url = new URL(pathname + search, baseUrlOf(request.headers, undefined));
  return liveAuth().handler(new Request(url, request));
}

export const GET = answer;
export const POST = answer;

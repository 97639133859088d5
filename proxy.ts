import { NextResponse, type NextRequest } from "next/server";
import { isFromOurPages, PATH_HEADER } from "#lib/auth/origin.ts";

const READS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Comes before every page and endpoint: turns other sites away, and says what a page may load. */
export function proxy(request: NextRequest): NextResponse {
  if (!READS.has(request.method) && !isFromOurPages(request.headers)) {
    const text = "This request came from another site's page, so nothing was done.\n";
    return new NextResponse(text, { status: 403 });
  }
  const nonce = crypto.randomUUID();
  const policy = policyWith(nonce);
  const headers = new Headers(request.headers);
  // Next puts the nonce it finds here on its own scripts.
  headers.set("content-security-policy", policy);
  headers.set("x-nonce", nonce);
  headers.set(PATH_HEADER, request.nextUrl.pathname + request.nextUrl.search);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  response.headers.set("x-content-type-options", "nosniff");
  // Forms of ours keep their origin, and no other site learns of the links in our addresses.
  response.headers.set("referrer-policy", "same-origin");
  response.headers.set("x-frame-options", "DENY");
  response.headers.set("cross-origin-resource-policy", "same-origin");
  response.headers.set("permissions-policy", "camera=(), geolocation=(), microphone=()");
  return response;
}

function policyWith(nonce: string): string {
  // React's development build makes code out of text for its stack traces.
  const development = process.env.NODE_ENV === "development" ? " 'unsafe-eval'" : "";
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development}`,
    // The editor writes its own style elements, which carry no nonce.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    // No upgrade-insecure-requests: plain HTTP on a local network is a normal home for this product.
  ].join("; ");
}

export const config = {
  // Files that are the same for everybody need none of this.
  matcher: ["/((?!_next/static|_next/image|monaco/|icon.svg).*)"],
};

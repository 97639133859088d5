import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";

/** One answer of the server: to what, and all that came, but for the cookies it sets. */
export type Exchange = { readonly asked: string; readonly status: number; readonly text: string };

/** Stands between browsers and the server, and writes down every byte: pages, data, scripts, of workers, too. */
export type Recorder = {
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  /** Ask for a path exactly as written: a browser would tidy it up first. */
  ask(path: string, headers?: Record<string, string>): Promise<Exchange>;
  close(): Promise<void>;
};

export async function recordAll(of: string): Promise<Recorder> {
  const origin = new URL(of);
  const exchanges: Exchange[] = [];
  const server = createServer((asked, answer) => {
    const { method, url: path } = asked;
    // Unpacked, so that it can be read.
    const headers = { ...asked.headers, "accept-encoding": "identity" };
    const { hostname, port } = origin;
    const onward = request({ hostname, port, method, path, headers }, (it) => {
      answer.writeHead(it.statusCode!, it.headers);
      it.pipe(answer);
      void whole(it).then((body) => exchanges.push(exchangeOf(`${method} ${path}`, it, body)));
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;

  return {
    url: `http://localhost:${port}`,
    exchanges,
    async ask(path, headers = {}) {
      const asked = request({ hostname: "127.0.0.1", port, path, headers });
      asked.end();
      const [it] = (await once(asked, "response")) as [IncomingMessage];
      return exchangeOf(`GET ${path}`, it, await whole(it));
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function whole(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const it of message) chunks.push(it as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function exchangeOf(asked: string, { statusCode, headers }: IncomingMessage, body: string) {
  const { "set-cookie": _, ...told } = headers;
  return { asked, status: statusCode!, text: `${JSON.stringify(told)}\n${joined(body)}` };
}

/** The data of a page comes in pieces, cut anywhere; a secret must not hide in a cut. */
function joined(page: string): string {
  return page.replace(/"\]\)<\/script><script[^>]*>self\.__next_f\.push\(\[1,"/g, "");
}

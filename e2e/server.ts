import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "..");

/** The product as an administrator runs it, with folders of its own. */
export type Server = {
  readonly data: string;
  readonly content: string;
  /** The address it prints. */
  readonly url: string;
  /** The link it prints while there is no administrator, or `null`. */
  welcomeLink(): string | null;
  stop(): Promise<void>;
  /** Once more, with the same folders and address. */
  start(): Promise<void>;
};

const FIRST_BUILD = 240_000;
const PATIENCE = 10_000;

export async function startServer(folders: { data: string; content: string }): Promise<Server> {
  const port = await freePort();
  let child: ChildProcess;
  let printed: string;

  const start = async () => {
    printed = "";
    child = spawn(process.execPath, ["lib/cli/launch.mjs", "start"], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        PORT: String(port),
        HOST: "127.0.0.1",
        BASE_URL: "",
        DATA_DIR: folders.data,
        CONTENT_DIR: folders.content,
      },
    });
    const { stdout, stderr } = child;
    let late: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      const hear = (text: string) => {
        printed += text;
        // The invitation comes with the address, in one piece.
        if (/^Strata is at .*\n/m.test(printed)) resolve();
      };
      const giveUp = () => reject(new Error(`The server did not start:\n${printed}`));
      stdout?.setEncoding("utf8").on("data", hear);
      stderr?.setEncoding("utf8").on("data", hear);
      child.once("exit", giveUp);
      late = setTimeout(giveUp, FIRST_BUILD);
    }).finally(() => clearTimeout(late));
  };
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    await gone;
    clearTimeout(late);
  };

  await start();
  return {
    ...folders,
    url: /^Strata is at (\S+)$/m.exec(printed!)![1]!,
    welcomeLink: () => /^\s+(\S+\/welcome\/\S+)$/m.exec(printed)?.[1] ?? null,
    stop,
    start,
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("There is no free port.");
  return address.port;
}

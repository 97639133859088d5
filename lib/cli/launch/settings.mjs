import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { at, Failure, runNode } from "./run.mjs";

/** Where data and courses are. What the caller wrote is relative to where the caller was. */
export function folders(calledFrom) {
  const folder = (given, byDefault) => (given ? path.resolve(calledFrom, given) : at(byDefault));
  return {
    DATA_DIR: folder(process.env.DATA_DIR, "data"),
    CONTENT_DIR: folder(process.env.CONTENT_DIR, "content"),
  };
}

/** The settings of a server, checked before anything is installed or built. */
export async function serverSettings(calledFrom) {
  const { DATA_DIR, CONTENT_DIR } = folders(calledFrom);
  const PORT = process.env.PORT || "3000";
  const HOST = process.env.HOST || "127.0.0.1";
  if (!/^\d+$/.test(PORT) || Number(PORT) < 1 || Number(PORT) > 65535)
    throw new Failure(`PORT is "${PORT}"; it must be a whole number from 1 to 65535.`);
  if (!fs.statSync(CONTENT_DIR, { throwIfNoEntry: false })?.isDirectory())
    throw new Failure(
      `There is no folder ${CONTENT_DIR}: set CONTENT_DIR to the one with your courses.`,
    );
  if (!canWrite(DATA_DIR))
    throw new Failure(
      `The data folder ${DATA_DIR} cannot be written: give this user the right to, or set DATA_DIR to another.`,
    );
  const refusal = await tryToListen(Number(PORT), HOST);
  if (refusal === "EADDRINUSE")
    throw new Failure(
      `Port ${PORT} is taken: stop the program that uses it, or choose another with PORT.`,
    );
  if (refusal === "EACCES")
    throw new Failure(`This user may not open port ${PORT}: choose one above 1023 with PORT.`);
  if (refusal)
    throw new Failure(
      `HOST is "${HOST}"; it must be an address of this machine, such as 127.0.0.1 or 0.0.0.0.`,
    );
  return { PORT, HOST, DATA_DIR, CONTENT_DIR };
}

function canWrite(folder) {
  const probe = path.join(folder, `.probe-${process.pid}`);
  try {
    makeFolder(folder);
    fs.writeFileSync(probe, "");
    fs.rmSync(probe);
    return true;
  } catch {
    return false;
  }
}

/** `recursive` would do, but on a file system that refuses, such as /proc, Node 20 tries for ever. */
function makeFolder(folder) {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  fs.mkdirSync(folder);
}

function tryToListen(port, host) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error) => resolve(error.code));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/** The other settings, by the schema that the server itself reads them with. */
export async function checkSettings(env) {
  const parse = `import("#lib/cli/env.ts").catch((e) => { console.log(e.message); process.exit(1); })`;
  const { status, output } = await runNode(["-e", parse], { quiet: true, env });
  if (status) throw new Failure(output.trim());
}

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { ProbeAsked, Scripted } from "#lib/net/cases/recorded.ts";
import type { ProbeResult } from "#lib/net/trace/probe.ts";

/** What a kernel did: what it refused by node, what each probe saw, and the seconds to bring it up and to probe it. */
export type Measured = {
  readonly refused: Readonly<Record<string, readonly string[]>>;
  readonly saw: readonly ProbeResult[];
  readonly seconds: readonly [up: number, probed: number];
};

export type Asked = Scripted & { readonly probes: readonly ProbeAsked[] };

/** A kernel that networks can be brought up on. Several may be asked for at once; it takes them as it can. */
export type Kernel = {
  measure(network: Asked): Promise<Measured>;
  close(): void;
};

type Job = {
  readonly network: Asked;
  readonly done: (it: Measured) => void;
  readonly failed: (problem: Error) => void;
};

const here = import.meta.dirname;
const UML = "/usr/bin/linux";

/** Why this machine cannot bring networks up at all, in a sentence; `null` if it can. */
export function missingHere(): string | null {
  if (process.platform !== "linux")
    return "Networks are brought up in Linux namespaces, and this is not Linux.";
  if (process.getuid?.() !== 0) return "Network namespaces need root: try again as root.";
  const missing = ["python3", "ip", "unshare", "iptables", "nft", "ebtables"].filter(
    (one) => !has(one),
  );
  return missing.length > 0 ? `This machine lacks ${missing.join(", ")}.` : null;
}

function has(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** Why a kind of link cannot be had on a kernel; `null` if it can. */
export function lacks(kernel: "host" | "uml", kinds: readonly string[]): string | null {
  if (kernel === "uml")
    return existsSync(UML) ? null : "it needs Debian's user-mode-linux, which is not installed";
  const script =
    "ip link add kind0 type dummy || ip link add kind0 type veth; ip link add link kind0 name kind1 $0";
  const words: Readonly<Record<string, string>> = {
    macvlan: "type macvlan",
    vxlan: "type vxlan id 1 dstport 4789",
  };
  const absent = kinds.find((kind) => spawnSync("unshare", ["--net", "sh", "-c", script.replace("$0", words[kind]!)]).status !== 0); // prettier-ignore
  return absent === undefined ? null : `this kernel has no ${absent}`;
}

/** The kernel of this machine, `workers` networks at a time. */
export function hostKernel(workers: number): Kernel {
  const waiting: Job[] = [];
  const idle: ((job: Job) => void)[] = [];
  const running = Array.from({ length: workers }, () => {
    const child = spawn("python3", [path.join(here, "namespaces.py")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const take = (job: Job) => {
      current = job;
      child.stdin.write(`${JSON.stringify({ id: 0, ...job.network })}\n`);
    };
    let current: Job | null = null;
    createInterface({ input: child.stdout }).on("line", (line) => {
      settle(current!, line);
      current = null;
      const next = waiting.shift();
      if (next) take(next);
      else idle.push(take);
    });
    child.on("exit", () => current?.failed(new Error("the one who drives namespaces has ended")));
    idle.push(take);
    return child;
  });
  return {
    measure: (network) =>
      new Promise((done, failed) => {
        const job = { network, done, failed };
        const take = idle.pop();
        if (take) take(job);
        else waiting.push(job);
      }),
    close: () => running.forEach((child) => child.stdin.end()),
  };
}

function settle(job: Job, line: string): void {
  const answer = JSON.parse(line) as Measured & { readonly problem?: string };
  if (answer.problem === undefined) job.done(answer);
  else job.failed(new Error(answer.problem));
}

const PER_BOOT = 8;
const BOOT_PATIENCE = 240_000;

/** Debian's user-mode-linux: the host's own files under another kernel, several networks for each time it boots. */
export function umlKernel(boots: number): Kernel {
  const waiting: Job[] = [];
  let running = 0;
  let timer: NodeJS.Timeout | null = null;
  const start = () => {
    timer = null;
    while (running < boots && waiting.length > 0) {
      running++;
      void boot(waiting.splice(0, PER_BOOT)).finally(() => {
        running--;
        start();
      });
    }
  };
  return {
    measure: (network) =>
      new Promise((done, failed) => {
        waiting.push({ network, done, failed });
        timer ??= setTimeout(start, 300);
      }),
    close: () => {},
  };
}

async function boot(jobs: readonly Job[]): Promise<void> {
  const work = await mkdtemp(path.join(tmpdir(), "strata-uml-"));
  await writeFile(path.join(work, "asked"), jobs.map(({ network }) => `${JSON.stringify({ id: 0, ...network })}\n`).join("")); // prettier-ignore
  const words = ["rootfstype=hostfs", "rootflags=/", "rw", `init=${path.join(here, "uml.sh")}`, `strata_here=${here}`, `strata_work=${work}`, "mem=384M", "con=null", "con0=null", "quiet"]; // prettier-ignore
  const child = spawn(UML, words, { stdio: "ignore", cwd: work });
  const timer = setTimeout(() => child.kill("SIGKILL"), BOOT_PATIENCE);
  await new Promise((ended) => child.on("exit", ended));
  clearTimeout(timer);
  const lines = (await readFile(path.join(work, "answered"), "utf8").catch(() => ""))
    .trimEnd()
    .split("\n");
  const said = await readFile(path.join(work, "said"), "utf8").catch(() => "it did not boot");
  jobs.forEach((job, at) => {
    if (lines[at]) settle(job, lines[at]);
    else job.failed(new Error(`user-mode-linux gave no answer: ${said.trim()}`));
  });
  await rm(work, { recursive: true, force: true });
}

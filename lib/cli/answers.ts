import { z } from "zod";

/*
 * What each command prints with --json, as schemas: published in docs/schemas for whoever reads the answers, and held
 * against real answers by a test. Fields are added, never renamed or taken away.
 */

const proto = z.string().describe("icmp, tcp, udp, or the number of another protocol");
const address = z.ipv4();
const port = z.int().min(0).max(65_535);

const range = z
  .object({
    file: z.string().describe("Path in the lab, such as edge/startup.ios"),
    line: z.int().min(1),
    column: z.int().min(1),
    endLine: z.int().min(1),
    endColumn: z.int().min(1).describe("The column after the last character"),
  })
  .describe("A place in a file; lines and columns count from 1");

const diagnostic = range.extend({
  severity: z.enum(["error", "warning", "info"]),
  code: z.string(),
  message: z.string(),
});

const header = z.object({
  src: address,
  dst: address,
  ttl: z.int(),
  proto,
  port: port.nullable(),
  vlans: z.array(z.int()).optional().describe("The VLANs of its tags, the outer one first"),
  labels: z.array(z.int()).optional().describe("Its labels, the outer one first"),
  dscp: z.int().min(0).max(63).optional(),
  mark: z.int().min(0).optional(),
});

const hop = z.object({
  at: z.string().describe("The device"),
  table: z
    .string()
    .nullable()
    .describe("The VRF it was looked up in; null for a device's first table"),
  in: z.string().nullable(),
  out: z.string().nullable(),
  text: z.string(),
  header: header.describe("As it left, or where it ended"),
  before: header.optional().describe("As it came, where more than its hops to live are different"),
  tunnel: z.object({ vni: z.int(), port }).optional().describe("The tunnel that it left by"),
  decisions: z
    .array(z.object({ text: z.string(), because: z.array(range) }))
    .optional()
    .describe("What filters and translations decided, in their order"),
  because: z.array(range),
});

const way = z.object({
  outcome: z.string().describe('"delivered", or how it was lost, such as "no-route"'),
  text: z.string(),
  hops: z.array(hop),
});

const walk = way.extend({
  back: way.nullable().describe("The answer's way; null when there was none"),
});

const witness = z
  .object({
    from: z.string(),
    to: z.string(),
    proto,
    src: address,
    dst: address,
    port: port.optional(),
  })
  .describe("The packet that shows it");

const threat = z.enum(["host", "attacker"]);

const grade = z.object({
  lab: z.string(),
  seed: z.int().min(0),
  engine: z
    .string()
    .describe("Version of the engine; verdicts of one version are the same for ever"),
  score: z.object({ earned: z.int().min(0), max: z.int().min(0) }),
  objectives: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      hidden: z.boolean(),
      state: z.enum(["holds", "fails", "blocked", "undecided"]),
      points: z.int().min(0),
      earned: z.int().min(0),
      text: z.string(),
      because: z.array(range).describe("The lines behind it, the deciding one first"),
      witness: witness.optional(),
      walk: walk.optional(),
    }),
  ),
  diagnostics: z.array(diagnostic),
});

const probe = z.object({
  probes: z.array(
    z.object({
      id: z.union([z.string(), z.number()]),
      reachable: z.boolean(),
      at: z.string().optional(),
      src_seen: address.optional(),
      ttl_seen: z.int().optional(),
      fwd_routers: z.int().optional(),
      reply_ttl: z.int().optional(),
      ret_routers: z.int().optional(),
      delivered: z.object({ at: z.string(), src: address, ttl: z.int() }).optional(),
      error: z.string().optional(),
      icmp_from: address.optional(),
      trace: z.array(z.string()).optional(),
      undecided: z.string().optional(),
    }),
  ),
});

const held = z
  .object({
    text: z.string(),
    fields: z
      .partialRecord(
        z.enum(["src", "dst", "proto", "sport", "dport", "flags", "dscp"]),
        z.array(z.string()),
      )
      .describe("Ranges such as 10.1.0.0-10.1.0.255; a field that is not there may be anything"),
    ttl: z.tuple([z.int(), z.int()]).describe("From how many hops to live to how many"),
    length: z.enum(["shorter", "longer"]).describe("Whether it holds for shorter packets, too"),
  })
  .describe("The packets that the same walk holds for, as they set out");

const trace = walk.extend({
  size: z.int().describe("How long its packets are, IP header and all"),
  df: z.boolean().optional().describe("Whether routers may not cut them"),
  class: held,
  backClass: held.optional().describe("The same of the answer"),
  error: way
    .extend({ error: z.string(), heard: z.boolean().describe("Whether it gets back") })
    .optional()
    .describe("The error that comes back of a packet that was lost"),
  from: z.string(),
  to: address,
  proto,
  port: port.optional(),
  reachable: z.boolean(),
  undecided: z.string().optional(),
});

const prove = z.object({
  isolated: z.boolean(),
  threat,
  through: z.array(z.string()).optional().describe("The devices that the counterexample passes"),
  walk: walk.optional(),
  witness: witness.optional(),
  undecided: z.string().optional(),
  text: z.string(),
  because: z.array(range),
});

const matrix = z.object({
  endpoints: z.array(z.string()),
  pairs: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      allowed: z.array(
        z.object({
          proto,
          ports: z.array(z.tuple([port, port])).describe("Ranges; empty for icmp"),
        }),
      ),
      undecided: z.string().optional(),
    }),
  ),
});

const check = z.object({
  ready: z.boolean(),
  lessons: z.array(z.object({ path: z.string() })),
  labs: z.array(
    z.object({
      lab: z.string(),
      path: z.string(),
      tried: z.object({ answers: z.int(), seeds: z.int(), dead: z.int() }),
      problems: z.array(
        z.object({ about: z.string(), seed: z.int().nullable(), message: z.string() }),
      ),
      mutants: z
        .object({
          tried: z.int(),
          caught: z.int().describe("Those that earn less than everything"),
          survivors: z.array(
            z.object({
              file: z.string(),
              line: z.int().min(1),
              was: z.string(),
              now: z.string().nullable().describe("null: the line is gone"),
              shown: z.object({ from: z.string(), to: z.string() }),
              harmless: z.string().nullable().describe("The author's reason"),
            }),
          ),
        })
        .optional()
        .describe("With --mutants: the solution with one line wrong, again and again"),
    }),
  ),
});

const diff = z.object({
  same: z.boolean(),
  differences: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      arrives: z.string().describe("The answer with which the packet arrives"),
      lost: z.string().describe("The answer with which it does not"),
      witness,
      walk,
      otherwise: walk.nullable().describe("Its way with the other answer; null without a sender"),
    }),
  ),
  undecided: z.array(z.object({ from: z.string(), to: z.string(), text: z.string() })),
});

export const answers = { grade, probe, trace, prove, matrix, diff, check } as const;

/** The schema of a command's answer as JSON Schema, as text. */
export function answerJsonSchema(command: keyof typeof answers): string {
  const schema = z.toJSONSchema(answers[command], { target: "draft-7" });
  return `${JSON.stringify({ ...schema, title: `strata ${command} --json` }, null, 2)}\n`;
}

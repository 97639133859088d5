// The shape of `lab.yaml`. What its values mean together is checked in `check-lab.ts`.

import { z } from "zod";
import {
  networkOf,
  formatPrefix,
  parseInterfaceAddress,
  parseIp,
  parsePrefix,
} from "#lib/net/model/prefix.ts";

import { keyed } from "./zod-words.ts";

const FORM = String.raw`\{\{.+\}\}`;

/** What a learner's objective can ask, by the key that says so. */
export const OBJECTIVE_KINDS = [
  "reach",
  "isolate",
  "only",
  "path",
  "routes",
  "maps",
  "qos",
  "survives",
  "clean",
  "check",
] as const;

export type ObjectiveKind = (typeof OBJECTIVE_KINDS)[number];

const text = z.string().trim().min(1);

const name = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,62}$/,
    "A name is letters, digits, - and _, and starts with a letter.",
  )
  .refine(
    (it) => !["networks", "domains", "vms"].includes(it),
    "The names networks, domains and vms are folders of a lab. Try another name.",
  );

const portName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_./-]{0,62}$/,
    "A port is named as the device names it, such as eth0.",
  );

const variableName = z
  .string()
  .regex(
    /^[A-Za-z][\w-]{0,31}$/,
    "A variable's name is letters, digits, - and _, and starts with a letter.",
  );

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "An id is lower-case words and digits joined by hyphens.")
  .max(64);

const ip = z
  .string()
  .transform((it, context) => parseIp(it) ?? wrong(context, `"${it}" is no IPv4 address.`));

const prefix = z
  .string()
  .transform((it, context) => parsePrefix(it) ?? wrong(context, prefixWords(it)))
  .describe("A network, such as 10.0.0.0/8 or {{lan.prefix}}");

const interfaceAddress = z
  .string()
  .transform((it, context) => parseInterfaceAddress(it) ?? wrong(context, prefixWords(it)))
  .describe("An address with the length of its network, such as 203.0.113.1/30");

const endpoint = z
  .string()
  .regex(/^\S+$/, "An endpoint has no spaces: node, node@VRF, node:port or node/inner.")
  .describe("A place: node, node@VRF, node:port, node/inner; * matches one step");

const endpoints = z
  .union([endpoint, z.array(endpoint).min(1)], "Name an endpoint, or a list of them: [a1, a2].")
  .transform((it) => (typeof it === "string" ? [it] : it));

const path = z
  .string()
  .regex(
    /^[\w*-][\w.*-]*(\/[\w*-][\w.*-]*)*$/,
    "A file is named by its path in start/, such as edge/startup.ios; * stands for part of one step.",
  );

/** A whole number that a variable may give: `{{name}}` in quotes arrives as text. */
function count(min: number, max: number): z.ZodType<number, number | string> {
  const wanted = `This should be a whole number from ${min} to ${max}.`;
  return z
    .union(
      [
        z.int().min(min).max(max),
        z.string().regex(new RegExp(String.raw`^(\d+|${FORM})$`), wanted),
      ],
      wanted,
    )
    .transform((it, context) => {
      const number = Number(it);
      if (Number.isInteger(number) && min <= number && number <= max) return number;
      return wrong(context, wanted);
    }) as z.ZodType<number, number | string>;
}

const transportPort = count(1, 65535);
const proto = z.enum(["icmp", "tcp", "udp"]);

const mac = z
  .string()
  .regex(
    /^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$/,
    'A MAC is six bytes in quotes: "52:54:00:00:00:01".',
  )
  .refine((it) => /^.[02468ace]/i.test(it), "This MAC is a group address: its first byte is odd.")
  .transform((it) => it.toLowerCase());

const ports = z
  .union(
    [z.array(portName), z.record(portName, keyed({ mac: mac.optional() }).nullable())],
    'Ports are a list, [eth0], or a map: { eth0: { mac: "52:54:00:00:00:01" } }.',
  )
  .transform((it) =>
    Array.isArray(it)
      ? it.map((port) => ({ name: port, mac: null }))
      : Object.entries(it).map(([port, settings]) => ({ name: port, mac: settings?.mac ?? null })),
  )
  .describe("Its ports, in order: a list, or a map where a port has a MAC of its own");

const runs = z.array(z.enum(["docker", "libvirt", "ovs"]));

const node = z.discriminatedUnion(
  "kind",
  [
    keyed({
      kind: z.enum(["router", "switch"]),
      os: z.literal("ios").default("ios"),
      ports,
    }),
    keyed({
      kind: z.enum(["server", "host"]),
      os: z.literal("linux").default("linux"),
      ports,
      runs: runs.default([]),
    }),
    keyed({
      kind: z.literal("outside"),
      ports,
      address: interfaceAddress,
      owns: z.array(prefix).default([]).describe("Prefixes it answers for"),
      knows: z.array(prefix).default([]).describe("Prefixes it can route back to"),
    }),
    keyed({ kind: z.literal("controller"), ports: ports.optional() }),
  ],
  'A node\'s "kind" is router, switch, server, host, outside or controller.',
);

const linkEnd = z
  .string()
  .regex(/^[^:]+:\S+$/, "A cable's end is node:port, such as edge:GigabitEthernet0/1.")
  .transform((it) => ({ node: it.slice(0, it.indexOf(":")), port: it.slice(it.indexOf(":") + 1) }));

const link = z.tuple(
  [linkEnd, linkEnd],
  "A link is a list of its two ends: [edge:GigabitEthernet0/1, a1:eth0].",
);

const listener = z
  .string()
  .regex(new RegExp(`^(tcp|udp)/`), "A service is tcp/80 or udp/53.")
  .transform((it, context) => {
    const [kind, port = ""] = it.split("/");
    const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
    if (number < 1 || number > 65535) return wrong(context, `"${it}" has no port from 1 to 65535.`);
    return { proto: kind === "tcp" ? ("tcp" as const) : ("udp" as const), port: number };
  });

const fileRule = keyed({
  edit: z.literal(true).optional().describe("The learner may change this file"),
  create: z.literal(true).optional().describe("The learner may add files of this name"),
});

const range = z.union(
  [z.literal("any"), z.tuple([z.int().min(0), z.int().min(0)])],
  "A range is a list of its first and last number, [100, 199], or the word any.",
);

const subnetVariable = keyed({
  subnet: z.string().describe("The network that holds it, such as 10.0.0.0/8"),
  prefix: z.int().min(1).max(32).describe("The length of what is drawn"),
  same: variableName.optional().describe("Another subnet that this one equals"),
});

const variable = z.union(
  [
    subnetVariable,
    keyed({ same: variableName }),
    keyed({ address: z.string().describe("A network, or the name of a drawn subnet") }),
    keyed({ vlan: range }),
    keyed({ vni: range }),
    keyed({ asn: range }),
    keyed({ port: range }),
    keyed({
      choice: z
        .array(z.union([z.string(), z.number()]).transform(String))
        .min(1)
        .refine(
          (it) => !it.some((word) => /[\n{}]/.test(word)),
          "A choice is one line without { }.",
        ),
    }),
  ],
  "A variable is { subnet: 10.0.0.0/8, prefix: 24 }, or has one of address, vlan, vni, asn, port, choice.",
);

const flow = keyed({ from: endpoint, to: endpoint, proto, port: transportPort.optional() });

const POINTS_MISSING =
  '"points" is missing. Say what it earns; 0 for a control, which already holds in the start.';

const objective = keyed({
  id,
  title: text,
  points: z
    .int({ error: (issue) => (issue.input === undefined ? POINTS_MISSING : undefined) })
    .min(0)
    .max(1000)
    .describe("What it earns when it holds; 0 for a control, which already holds in the start"),
  hidden: z.boolean().default(false).describe("Checked only on submit, never shown"),
  needs: z.array(id).optional().describe("Objectives that must hold first"),
  reach: keyed({
    from: endpoints,
    to: endpoints,
    proto,
    port: transportPort.optional(),
    address: ip.optional(),
  }).optional(),
  isolate: keyed({
    from: endpoints,
    to: endpoints,
    threat: z.enum(["host", "attacker"]).default("host"),
    both: z.boolean().default(false),
  }).optional(),
  only: keyed({ among: endpoints, allow: z.array(flow) }).optional(),
  path: keyed({
    from: endpoints,
    to: endpoints,
    proto,
    port: transportPort.optional(),
    through: endpoints.optional(),
    avoids: endpoints.optional(),
  }).optional(),
  routes: keyed({
    at: endpoint,
    has: z.array(keyed({ prefix, via: ip.optional() })).default([]),
    lacks: z.array(prefix).default([]),
  }).optional(),
  maps: keyed({ nic: endpoint, port: endpoint, vlan: count(1, 4094) }).optional(),
  qos: keyed({
    from: endpoint,
    to: endpoint,
    proto,
    port: transportPort.optional(),
    at: z
      .array(
        keyed({
          place: endpoint,
          class: text.optional(),
          dscp: z.union([text, z.int().min(0).max(63)]).optional(),
        }),
      )
      .min(1),
    share: keyed({
      port: endpoint,
      class: text,
      min: z.union([text, z.number()]),
      load: z.union([text, z.number()]),
    }).optional(),
  }).optional(),
  survives: keyed({
    objectives: z.array(id).min(1),
    down: z.array(endpoint).min(1),
    together: z.boolean().default(false),
  }).optional(),
  clean: keyed({ among: endpoints.optional() }).nullable().optional(),
  check: keyed({ file: path }).optional(),
}).meta({ oneOf: OBJECTIVE_KINDS.map((kind) => ({ required: [kind] })) });

const hint = keyed({
  for: id,
  after: z.int().min(0).describe("Shown after so many submissions in which the objective failed"),
  text,
});

const SCORE_WORDS = "A score is points, or a part of all of them, such as 100%.";

const expectation = z.union(
  [
    keyed({
      score: z.union(
        [z.int().min(0), z.string().regex(/^(\d|[1-9]\d|100)%$/, SCORE_WORDS)],
        SCORE_WORDS,
      ),
    }),
    keyed({
      fails: z.array(id).min(1).describe("Exactly these fail; what they block is not listed"),
    }),
  ],
  "A test is { score: 100% } or { fails: [objective] }.",
);

const answerName = z
  .string()
  .regex(
    /^(start|solution|(also|wrong)\/[a-z0-9]+(-[a-z0-9]+)*)$/,
    "A test names start, solution, also/<name> or wrong/<name>.",
  );

const harmless = z
  .array(
    keyed({
      file: path,
      line: text.describe("The line as it stands in solution/"),
      why: text.describe("Why the lab need not notice a mistake in it"),
    }),
  )
  .default([])
  .describe("Lines of the solution that the objectives need not tell from wrong ones");

const minutes = z.int().min(1).max(600);
const files = z.record(path, fileRule).default({});
const variables = z.record(variableName, variable).default({});
const tests = z.record(answerName, expectation).default({});

/** `lab.yaml` with every value drawn. */
export const labSchema = keyed({
  title: text,
  minutes: minutes.describe("How long it takes"),
  nodes: z.record(name, node).describe("The physical layer: what stands there"),
  vms: z.record(name, keyed({ runs: runs.default([]) })).default({}),
  clusters: z
    .record(name, keyed({ nodes: z.array(name).min(1), pods: prefix, services: prefix }))
    .default({}),
  links: z.array(link).default([]).describe("Cables: [node:port, node:port]"),
  files: files.describe("What the learner may edit or create; all other files are read-only"),
  services: z.record(endpoint, z.array(listener).min(1)).default({}).describe("Who listens"),
  variables: variables.describe("Drawn for each learner, and written {{name.1}} and so on"),
  objectives: z.array(objective).min(1),
  hints: z.array(hint).default([]),
  tests: tests.describe("What the start and each answer must earn"),
  harmless,
});

/** What can be known of `lab.yaml` before anything is drawn. The rest is not looked at. */
export const outlineSchema = keyed({
  title: text,
  minutes,
  nodes: z.unknown().optional(),
  vms: z.unknown().optional(),
  clusters: z.unknown().optional(),
  links: z.unknown().optional(),
  files,
  services: z.unknown().optional(),
  variables,
  objectives: z.unknown().optional(),
  hints: z.unknown().optional(),
  tests,
  harmless,
});

export type LabYaml = z.output<typeof labSchema>;
export type LabOutline = z.output<typeof outlineSchema>;
export type NodeYaml = LabYaml["nodes"][string];
export type ObjectiveYaml = LabYaml["objectives"][number];
export type VariableYaml = LabOutline["variables"][string];

/** Which kinds of objective one entry of `objectives` claims: exactly one when it is right. */
export function kindsOf(it: ObjectiveYaml): readonly ObjectiveKind[] {
  return OBJECTIVE_KINDS.filter((kind) => it[kind] !== undefined);
}

/** What is wrong with a text that should be a network. */
export function prefixWords(it: string): string {
  const address = parseInterfaceAddress(it);
  if (address) {
    const network = formatPrefix(networkOf(address.ip, address.length));
    return `"${it}" has host bits set. The network is ${network}.`;
  }
  if (parseIp(it) !== null) return `"${it}" has no length. Write it as ${it}/24.`;
  return `"${it}" is no IPv4 network. Write it as 10.0.0.0/8.`;
}

function wrong(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

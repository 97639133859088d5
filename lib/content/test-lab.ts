// A small lab for the tests of this folder.

import { ContentError } from "./content-error.ts";
import { labOf } from "./draw.ts";
import type { Lab } from "./lab.ts";

export const YAML = `title: Two sites
minutes: 20
nodes:
  edge: { kind: router, os: ios, ports: [GigabitEthernet0/1, GigabitEthernet0/2] }
  a1: { kind: host, os: linux, ports: [eth0] }
  hv1: { kind: server, runs: [libvirt], ports: { eno1: { mac: "52:54:00:00:00:AB" }, eno2: } }
  inet: { kind: outside, ports: [e0], address: "{{up.1/30}}", owns: [0.0.0.0/0], knows: ["{{up.prefix}}"] }
vms: { web: { runs: [docker] } }
links:
  - [edge:GigabitEthernet0/1, a1:eth0]
  - [edge:GigabitEthernet0/2, hv1:eno1]
files:
  edge/startup.ios: { edit: true }
  hv1/domains/*.xml: { create: true }
services:
  web/nginx: [tcp/80, udp/53]
variables:
  lan: { subnet: 10.0.0.0/8, prefix: 24 }
  up: { subnet: 203.0.113.0/24, prefix: 30 }
objectives:
  - id: works # {{this}} is a comment
    title: a1 reaches the web
    points: 2
    reach: { from: a1, to: web/nginx, proto: tcp, port: 80 }
  - id: apart
    title: Nothing else does
    points: 4
    isolate: { from: [inet], to: web, threat: attacker, both: true }
    needs: [works]
  - id: secret
    title: The table is right
    points: 1
    hidden: true
    routes: { at: edge@A, has: [{ prefix: "{{lan.prefix}}", via: "{{up.2}}" }], lacks: [192.0.2.0/24] }
hints:
  - { for: works, after: 1, text: Look at {{lan.1}}. }
  - { for: secret, after: 2, text: Look at the table. }
tests:
  start: { score: 0 }
  wrong/x: { fails: [works] }
`;

export const START = {
  "a1/host.sh": "ip addr add {{lan.10/24}} dev eth0\n",
  "edge/startup.ios": "hostname edge\n! the host is {{lan.10}}, mask {{lan.mask}}\n",
};

export function labFrom(yaml: string, start: Readonly<Record<string, string>> = START): Lab {
  return labOf({ id: "course/lesson", hash: "hash", yaml, start });
}

/** What is wrong with a lab, one line for each mistake; empty when nothing is. */
export function mistakesIn(yaml: string, start = START): string {
  try {
    labFrom(yaml, start);
    return "";
  } catch (error) {
    if (error instanceof ContentError) return error.message;
    throw error;
  }
}

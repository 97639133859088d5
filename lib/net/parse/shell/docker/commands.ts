import type { ShellCommand } from "../program.ts";

const rows = (
  state: ShellCommand["state"],
  all: readonly (readonly [string, string])[],
): ShellCommand[] => all.map(([words, help]) => ({ words, help, state }));

/** What `docker` can be asked here. */
export const dockerCommands: readonly ShellCommand[] = [
  ...rows("simulated", [
    ["docker network create [--driver bridge] [--subnet PREFIX] NAME", "Make a network"],
    ["docker network create --internal NAME", "Make a network that leads nowhere else"],
    [
      "docker network create -d macvlan -o parent=LINK NAME",
      "Make a network on a link of the host",
    ],
    [
      "docker network connect [--ip ADDRESS] NETWORK CONTAINER",
      "Put a container into another network",
    ],
    ["docker network disconnect NETWORK CONTAINER", "Take a container out of a network"],
    ["docker network rm NAME", "Remove a network"],
    ["docker run -d --name NAME [--network NETWORK] IMAGE", "Start a container"],
    ["docker run -d --name NAME -p PORT:PORT IMAGE", "Start a container and publish a port of it"],
    ["docker run --cap-add NET_ADMIN IMAGE", "Let a container change its network"],
    ["docker create --name NAME IMAGE", "Make a container without starting it"],
    ["docker start NAME", "Start a container"],
    ["docker stop NAME", "Stop a container"],
    ["docker restart NAME", "Stop and start a container"],
    ["docker rm [-f] NAME", "Remove a container"],
    ["docker exec NAME COMMAND", "Run a command inside a container"],
    ["docker compose [-f FILE] up -d", "Start what a compose file asks for"],
    ["docker compose [-f FILE] down", "Remove what a compose file asks for"],
  ]),
  ...rows("inert", [
    ["docker ps", "List containers"],
    ["docker network ls", "List networks"],
    ["docker network inspect NAME", "Show a network"],
    ["docker inspect NAME", "Show a container"],
    ["docker logs NAME", "Show what a container printed"],
    ["docker pull IMAGE", "Fetch an image"],
    ["docker compose ps", "List containers of a compose file"],
  ]),
  ...rows("unsimulated", [
    ["docker swarm init", "Join hosts into a swarm"],
    ["docker service create IMAGE", "Start a service in a swarm"],
    ["docker run --link NAME IMAGE", "Names of other containers, the old way"],
    ["docker run --dns ADDRESS IMAGE", "Whom to ask for names"],
    ["docker network prune", "Remove networks that nobody uses"],
    ["docker compose up NAME", "Start a part of a compose file"],
  ]),
];

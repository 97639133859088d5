import type { ComposeKey, KeyState } from "./reader.ts";

function keys(
  state: KeyState,
  rows: Readonly<Record<string, string>>,
): readonly (readonly [string, ComposeKey])[] {
  return Object.entries(rows).map(([key, help]) => [key, { key, help, state }] as const);
}

function without(words: string, help: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words
      .trim()
      .split(/\s+/)
      .map((word) => [word, help]),
  );
}

/** The keys of a file. */
export const FILE_KEYS: ReadonlyMap<string, ComposeKey> = new Map([
  ...keys("simulated", {
    services: "The containers",
    networks: "The networks between them",
    name: "The project's name, which begins the names of its networks",
  }),
  ...keys("inert", {
    version: "Obsolete, and ignored",
    volumes: "Where data is kept",
    secrets: "What is handed to containers",
    configs: "What is handed to containers",
    models: "Models that services use",
  }),
  ...keys("unsimulated", { include: "Other compose files" }),
]);

/** The keys of a service. */
export const SERVICE_KEYS: ReadonlyMap<string, ComposeKey> = new Map([
  ...keys("simulated", {
    image: "What runs",
    build: "How what runs is made",
    container_name: "Another name of the container",
    networks: "The networks it is in; without them, the project's default one",
    network_mode: "Instead of networks: host, none, bridge, service:NAME or container:NAME",
    ports: "Ports of the host that lead to ports of the container",
    expose: "Ports that the container listens on",
    mac_address: "The MAC address of its first interface",
    sysctls: "Kernel parameters of its network",
    cap_add: "What it may do: NET_ADMIN lets it change its network",
    privileged: "It may do everything",
    hostname: "What it calls itself",
    extra_hosts: "Names that it knows",
    links: "Other names for services",
    depends_on: "Services that start before it",
    scale: "How many containers",
    deploy: "How many containers, in replicas",
    profiles: "It starts only when one of them is asked for",
    command: "What it runs: what changes its network there is carried out",
    entrypoint: "What it runs first",
  }),
  ...keys("unsimulated", {
    extends: "What it takes over from another service",
    dns: "Whom it asks for names",
    dns_search: "What is put behind names",
    external_links: "Containers of other projects",
    provider: "Something else that is started in its place",
  }),
  ...keys(
    "inert",
    without(
      `annotations attach blkio_config configs cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period
      cpu_rt_runtime cpu_shares cpus cpuset credential_spec develop devices device_cgroup_rules domainname
      environment env_file gpus group_add healthcheck init ipc isolation label_file labels logging mem_limit
      mem_reservation mem_swappiness memswap_limit oom_kill_disable oom_score_adj pid pids_limit platform post_start
      pre_stop pull_policy read_only restart runtime secrets security_opt shm_size stdin_open stop_grace_period
      stop_signal storage_opt tmpfs tty ulimits use_api_socket user userns_mode uts cgroup cgroup_parent cap_drop
      dns_opt volumes volumes_from working_dir models`,
      "Moves no packet",
    ),
  ),
]);

/** The keys of a service's place in a network. */
export const ATTACHMENT_KEYS: ReadonlyMap<string, ComposeKey> = new Map([
  ...keys("simulated", {
    ipv4_address: "Its address there; the network needs a subnet for it",
    aliases: "Other names of it there",
    priority: "Higher is connected first",
    gw_priority: "The highest gives the default route",
    mac_address: "Its MAC address there",
  }),
  ...keys("inert", {
    ipv6_address: "IPv6 is known, and not simulated",
    link_local_ips: "Addresses without a network",
  }),
  ...keys("unsimulated", {
    interface_name: "What its interface is called",
    driver_opts: "Settings of its interface",
  }),
]);

/** The keys of a published port. */
export const PORT_KEYS: ReadonlyMap<string, ComposeKey> = new Map([
  ...keys("simulated", {
    target: "The container's port",
    published: "The host's port",
    host_ip: "The host's address; all, if none is named",
    protocol: "What it is for: tcp or udp",
    mode: "How it is published: host or ingress; the same, outside of a swarm",
  }),
  ...keys("inert", { name: "A name for it", app_protocol: "What is spoken there" }),
]);

/** The keys of a network. */
export const NETWORK_KEYS: ReadonlyMap<string, ComposeKey> = new Map([
  ...keys("simulated", {
    driver: "What makes it: bridge, macvlan, ipvlan, overlay, host or none",
    driver_opts: "Settings of the driver",
    internal: "Nothing goes out or comes in",
    attachable: "Single containers may join an overlay",
    ipam: "Its subnet, gateway and addresses",
    external: "It is there already",
    name: "Its name, without the project's before it",
  }),
  ...keys("inert", {
    labels: "Notes",
    enable_ipv6: "IPv6 is known, and not simulated",
  }),
  ...keys("unsimulated", { enable_ipv4: "Whether there is IPv4" }),
]);

export const IPAM_KEYS: ReadonlyMap<string, ComposeKey> = new Map([
  ...keys("simulated", { config: "Subnets" }),
  ...keys("inert", { options: "Settings of the driver" }),
  ...keys("unsimulated", { driver: "Who gives addresses" }),
]);

export const SUBNET_KEYS: ReadonlyMap<string, ComposeKey> = new Map(
  keys("simulated", {
    subnet: "The network",
    ip_range: "Where containers get their addresses from",
    gateway: "The address of the bridge, or of the router beyond",
    aux_addresses: "Addresses that no container gets",
  }),
);

/** Every key that is known, where it stands, with its help and whether it is simulated. */
export const composeKeys: readonly (ComposeKey & { readonly under: string })[] = (
  [
    ["", FILE_KEYS],
    ["services", SERVICE_KEYS],
    ["services.networks", ATTACHMENT_KEYS],
    ["services.ports", PORT_KEYS],
    ["networks", NETWORK_KEYS],
    ["networks.ipam", IPAM_KEYS],
    ["networks.ipam.config", SUBNET_KEYS],
  ] as const
).flatMap(([under, table]) => [...table.values()].map((key) => ({ ...key, under })));

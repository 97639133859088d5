import type { AttachmentAsked, ContainerAsked, NetworkAsked } from "../../docker/asked.ts";
import type { RefusedCommand, UnsimulatedCommand } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";

/** What one `docker` command asks for. */
export type DockerCommand =
  | { readonly kind: "network-create"; readonly asked: NetworkAsked }
  | { readonly kind: "network-remove"; readonly names: readonly ShellWord[] }
  | {
      readonly kind: "network-connect";
      readonly container: ShellWord;
      readonly attachment: AttachmentAsked;
    }
  | {
      readonly kind: "network-disconnect";
      readonly container: ShellWord;
      readonly network: string;
    }
  | {
      readonly kind: "container-create";
      readonly asked: ContainerAsked;
      readonly starts: boolean;
      /** Nobody named it, so Docker would have made a name up. */
      readonly isUnnamed: boolean;
    }
  | {
      readonly kind:
        "container-start" | "container-stop" | "container-restart" | "container-remove";
      readonly names: readonly ShellWord[];
      /** It may be running. */
      readonly force: boolean;
    }
  | {
      readonly kind: "exec";
      readonly container: ShellWord;
      readonly words: readonly ShellWord[];
      readonly privileged: boolean;
    }
  | {
      readonly kind: "compose";
      readonly verb: "up" | "down";
      /** `-f FILE`; the file that compose finds by itself when `null`. */
      readonly file: ShellWord | null;
    }
  /** Shows, waits or builds. */
  | { readonly kind: "inert" }
  | UnsimulatedCommand
  | RefusedCommand;

import type { Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import type { ContainerAsked, NetworkAsked } from "../docker/asked.ts";
import type { Unsimulated } from "./reader.ts";

/** What a compose file asks for. Of a file that compose would refuse, nothing is left. */
export type ComposeFile = {
  readonly file: string;
  readonly project: string;
  readonly networks: readonly NetworkAsked[];
  /** Networks that must be there already, by their own names. */
  readonly external: readonly { readonly name: string; readonly because: Span }[];
  /** In the order in which they start. */
  readonly services: readonly ComposeService[];
  readonly unsimulated: readonly Unsimulated[];
  readonly refused: boolean;
  readonly diagnostics: readonly Diagnostic[];
};

export type ComposeService = {
  readonly name: string;
  readonly containers: readonly ContainerAsked[];
  readonly dependsOn: readonly string[];
};

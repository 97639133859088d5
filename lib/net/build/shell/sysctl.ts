import type { SysctlCommand, SysctlSetting } from "../../parse/shell/sysctl.ts";
import type { Span } from "../../source/span.ts";
import type { LinkSettings } from "../../model/linux/link.ts";
import type { Session, Where } from "./build.ts";
import { settingNamed } from "./settings.ts";

/** How a program says that the kernel does not take a setting. */
type SaysNo = {
  readonly missing: (path: string) => string;
  readonly invalid: (name: string) => string;
};

const SYSCTL: SaysNo = {
  missing: (path) => `sysctl: cannot stat ${path}: No such file or directory`,
  invalid: (name) => `sysctl: setting key "${name}": Invalid argument`,
};
const ECHO: SaysNo = {
  missing: (path) => `${path}: No such file or directory`,
  invalid: () => "echo: write error: Invalid argument",
};

/** `sysctl -w key=value …`: it goes on after a setting that it refuses. */
export function runSysctl(session: Session, where: Where, span: Span, it: SysctlCommand): boolean {
  switch (it.kind) {
    case "inert":
      return true;
    case "refused":
      return session.refuse(it.said, it.at.span);
    case "unsimulated":
      return session.unsimulated(it.what, span, where);
    case "set":
      return it.settings
        .map((one) =>
          "kind" in one
            ? session.refuse(one.said, one.at.span)
            : set(session, where, one, SYSCTL, span),
        )
        .every(Boolean);
  }
}

/** `echo 1 > /proc/sys/…`: what a script writes anywhere else is not simulated. */
export function writeSetting(
  session: Session,
  where: Where,
  span: Span,
  { file, setting }: { readonly file: string; readonly setting: SysctlSetting | null },
): boolean {
  if (/^\/dev\/(null|stdout|stderr|tty)$/.test(file)) return true;
  // XML says nothing until a command reads it.
  if (/^(?!\/etc\/).*\.xml$/.test(file)) return true;
  if (!setting) return session.unsimulated(`Writing to ${file}`, span, where);
  return set(session, where, setting, ECHO, span);
}

function set(
  session: Session,
  where: Where,
  { path, value: text, name }: SysctlSetting,
  says: SaysNo,
  span: Span,
): boolean {
  const { namespace } = where;
  const setting = settingNamed(path.join("."), namespace.links);
  if (setting.kind === "missing")
    return session.refuse(says.missing(`/proc/sys/${path.join("/")}`), span);
  if (setting.kind === "inert") return true;
  if (setting.kind === "unsimulated")
    return session.unsimulated(path.join("."), span, where, setting.link);
  if (!/^-?\d{1,9}$/.test(text.trim())) return session.refuse(says.invalid(name), span);
  const value = Number(text.trim());
  switch (setting.kind) {
    case "forwarding":
      namespace.forwards = { on: value !== 0, because: span };
      return true;
    case "filters-bridged":
      namespace.filtersBridged = { on: value !== 0, because: span };
      return true;
    case "label-room":
      return namespace.labels.setRoom(value) || session.refuse(says.invalid(name), span);
    case "takes-labels":
      namespace.links.get(setting.link)!.takesLabels = value !== 0;
      return true;
    case "heard-in-vrfs":
      namespace.heardInVrfs[setting.proto] = value !== 0;
      return true;
    case "arp_ignore":
      if (value > 1)
        return session.unsimulated(`${path.join(".")}=${value}`, span, where, setting.link);
      setOnLink(where, setting.link, "arpIgnore", value);
      return true;
    case "ignore_routes_with_linkdown":
      setOnLink(where, setting.link, "ignoreDead", value);
      return true;
    case "link-forwarding":
      if ((value !== 0) === namespace.forwards.on) return true;
      return session.unsimulated(path.join("."), span, where, setting.link);
    case "off-only":
      if (value === 0) return true;
      return session.unsimulated(path.join("."), span, where, setting.link);
    case "rp_filter":
      setOnLink(where, setting.link, "rpFilter", value);
      return true;
    case "proxy_arp":
      setOnLink(where, setting.link, "proxyArp", value);
      return true;
  }
}

function setOnLink(
  { namespace }: Where,
  link: string,
  field: keyof LinkSettings,
  value: number,
): void {
  if (link === "all") namespace.all[field] = value;
  else namespace.links.get(link)!.settings[field] = value;
}

import { iosShows, showIos } from "#lib/net/console/ios/show.ts";
import { BadCall, NO, readCall, YES, type Command } from "../call.ts";
import { buildLab, labOptions } from "../lab.ts";

export const showCommand: Command = {
  usage: "show LAB NODE [--answer DIR] [--seed N] -- COMMAND",
  help: "What a device's own show command prints",
  async run(args) {
    const split = args.indexOf("--");
    if (split === -1) throw new BadCall("It needs a command of the device after --.");
    const { positionals, values } = readCall(args.slice(0, split), 2, labOptions);
    const [path = "", node = ""] = positionals;
    const command = args
      .slice(split + 1)
      .flatMap((word) => word.split(/\s+/))
      .filter(Boolean);
    const { built } = await buildLab(path, values);
    const device = built.network.devices.get(node);
    if (!device) {
      const names = [...built.network.devices.keys()].join(", ");
      throw new BadCall(`There is no node ${node}. There are ${names}.`);
    }
    const state = built.consoles.get(node);
    if (!state) throw new BadCall(`${node} is no router or switch; only those show something yet.`);
    const text = showIos({ compiled: built, device, state }, command);
    const said = command.join(" ");
    if (text === null)
      return {
        json: { node, command: said, known: false, text: "" },
        text: `% Invalid input. What is shown: ${iosShows.map(({ words }) => words).join(", ")}.`,
        status: NO,
      };
    return { json: { node, command: said, known: true, text }, text: text.trimEnd(), status: YES };
  },
};

import { SaxesParser } from "saxes";
import { MAX_FILE } from "../../source/text.ts";
import type { Span } from "../../source/span.ts";
import { placeIn, type ShellWord } from "../shell/placed.ts";

/** An element of an XML file, with the place of everything in it. */
export type Element = {
  readonly name: string;
  /** Its start tag. */
  readonly span: Span;
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly children: readonly Element[];
  /** The text right inside it, and where that stands without the blanks around it. */
  readonly text: Attribute;
};

export type Attribute = { readonly value: string; readonly span: Span };

/** Thrown where libvirt would not take a text, in its words; the reader of the file turns it into data. */
export class XmlRefused {
  readonly said: string;
  readonly at: Span;
  constructor(said: string, at: Span) {
    this.said = said;
    this.at = at;
  }
}

/** Thrown where libvirt would read on, and nothing here does. */
export class XmlUnsimulated {
  readonly what: string;
  readonly at: Span;
  constructor(what: string, at: Span) {
    this.what = what;
    this.at = at;
  }
}

/** libxml2 goes no deeper by default (xmlParserMaxDepth). */
const DEEPEST = 256;

/**
 * The root element of an XML text. No document type is read and no entity but XML's own five is expanded, so that a
 * text is as large as it looks. Throws what is wrong with it, in libxml2's words where they are known; `kind` is what
 * libvirt calls the text, such as `network_definition`.
 */
export function parseXml(source: ShellWord, kind: string): Element {
  if (source.text.length > MAX_FILE)
    throw new XmlUnsimulated(
      "XML of more than a megabyte",
      placeIn(source, MAX_FILE, source.text.length),
    );
  return new Reader(source, kind).read();
}

type Open = {
  name: string;
  from: number;
  span: Span;
  attributes: Map<string, Attribute>;
  children: Element[];
  texts: { text: string; to: number }[];
};

class Reader {
  private readonly source: ShellWord;
  private readonly kind: string;
  private readonly parser = new SaxesParser({ xmlns: false });
  private readonly open: Open[] = [];
  private root: Element | null = null;

  constructor(source: ShellWord, kind: string) {
    this.source = source;
    this.kind = kind;
  }

  read(): Element {
    const { parser } = this;
    parser.on("error", (error) => this.malformed(error.message.replace(/^[\d:]+ /, "")));
    parser.on("doctype", () => this.refuseDoctype());
    parser.on("opentagstart", ({ name }) => this.start(name));
    parser.on("attribute", ({ name, value }) => this.attribute(name, value));
    parser.on("opentag", () => this.inside());
    parser.on("text", (text) => this.text(text));
    parser.on("cdata", (text) => this.text(text));
    parser.on("closetag", () => this.close());
    if (this.source.text.trim() === "") this.malformed("Start tag expected, '<' not found");
    parser.write(this.source.text).close();
    return this.root ?? this.malformed("Start tag expected, '<' not found");
  }

  private start(name: string): void {
    if (this.open.length >= DEEPEST)
      this.malformed(`Excessive depth in document: ${DEEPEST} use XML_PARSE_HUGE option`);
    const from = this.source.text.lastIndexOf(`<${name}`, this.parser.position);
    const span = placeIn(this.source, from, this.parser.position);
    this.open.push({ name, from, span, attributes: new Map(), children: [], texts: [] });
  }

  private attribute(name: string, value: string): void {
    const { text } = this.source;
    const end = this.parser.position - 1;
    const start = text.lastIndexOf(text[end] ?? "", end - 1) + 1;
    this.top.attributes.set(name, { value, span: placeIn(this.source, start, end) });
  }

  private inside(): void {
    this.top.span = placeIn(this.source, this.top.from, this.parser.position);
  }

  private text(text: string): void {
    this.open.at(-1)?.texts.push({ text, to: this.parser.position });
  }

  private close(): void {
    const { name, from, span, attributes, children, texts } = this.open.pop()!;
    const element = { name, span, attributes, children, text: this.textOf(from, span, texts) };
    const parent = this.open.at(-1);
    if (parent) parent.children.push(element);
    else this.root = element;
  }

  // The place is found only for a text in one piece as it was written, which every name and number is.
  private textOf(start: number, span: Span, texts: Open["texts"]): Attribute {
    const value = texts.map(({ text }) => text).join("");
    const first = texts.find(({ text }) => text.trim() !== "");
    if (!first) return { value, span };
    const at = this.source.text.slice(start, first.to).lastIndexOf(first.text.trim());
    if (at === -1) return { value, span };
    const from = start + at;
    return { value, span: placeIn(this.source, from, from + first.text.trim().length) };
  }

  private get top(): Open {
    return this.open.at(-1)!;
  }

  private refuseDoctype(): never {
    const from = Math.max(0, this.source.text.lastIndexOf("<!DOCTYPE", this.parser.position));
    const span = placeIn(this.source, from, from + "<!DOCTYPE".length);
    throw new XmlUnsimulated("A document type in XML, with its entities,", span);
  }

  private malformed(said: string): never {
    const { text } = this.source;
    const at = Math.min(this.parser.position, text.length);
    const line = text.slice(0, at).split("\n").length;
    throw new XmlRefused(
      `(${this.kind}):${line}: ${this.inLibxmlWords(said)}`,
      placeIn(this.source, Math.max(0, at - 1), at),
    );
  }

  private inLibxmlWords(said: string): string {
    const unclosed = this.open.at(-1);
    if (said.startsWith("unclosed tag") && unclosed) {
      const line = this.source.text.slice(0, unclosed.from).split("\n").length;
      return `Premature end of data in tag ${unclosed.name} line ${line}`;
    }
    if (
      said.startsWith("document must contain a root element") ||
      (!this.root && !unclosed && said.startsWith("text data outside"))
    )
      return "Start tag expected, '<' not found";
    return said;
  }
}

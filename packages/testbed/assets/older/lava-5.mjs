// The worker and the server's end of the link as they were when the link's protocol had version 5, bundled by esbuild.
// Not to be edited: tests run it to show that versions understand one another (docs/link.md).


// packages/worker/src/entry.ts
import { fileURLToPath } from "node:url";

// packages/dispatcher/src/finish-dead-run.ts
import { existsSync as existsSync2 } from "node:fs";
import { open, readFile as readFile3 } from "node:fs/promises";
import { join as join4, resolve as resolve2 } from "node:path";

// packages/base/src/clock.ts
import { performance } from "node:perf_hooks";
function monotonicMs() {
  return performance.now();
}
function sleep(ms, signal2) {
  return new Promise((resolve5, reject) => {
    if (signal2?.aborted) return reject(signal2.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal2?.reason);
    };
    const timer = setTimeout(() => {
      signal2?.removeEventListener("abort", stop);
      resolve5();
    }, Math.max(0, ms));
    signal2?.addEventListener("abort", stop, { once: true });
  });
}

// packages/base/src/errors.ts
var LavaError = class extends Error {
  /** LAVA's name of the class; starts the closing error line of a job log. */
  name = "LavaError";
  type = "Bug";
  /** Closing error line of a job log that ended with this error. */
  help = "";
  code;
  hint;
  at;
  constructor(message, options2 = {}) {
    super(message, options2.cause === void 0 ? void 0 : { cause: options2.cause });
    this.code = options2.code ?? "unspecified";
    this.hint = options2.hint;
    this.at = options2.at;
  }
};
var InfrastructureError = class extends LavaError {
  name = "InfrastructureError";
  type = "Infrastructure";
  help = "InfrastructureError: The Infrastructure is not working correctly. Please report this error to LAVA admins.";
};
var ConfigurationError = class extends LavaError {
  name = "ConfigurationError";
  type = "Configuration";
  help = "ConfigurationError: The LAVA instance is not configured correctly. Please report this error to LAVA admins.";
};
var JobError = class extends LavaError {
  name = "JobError";
  type = "Job";
  help = "JobError: Your job cannot terminate cleanly.";
};
var LavaBug = class extends LavaError {
  name = "LAVABug";
  type = "Bug";
  help = "LAVABug: This is probably a bug in LAVA, please report it.";
};
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

// packages/base/src/daemon-log.ts
var daemonLevels = ["DEBUG", "INFO", "WARN", "ERROR"];
function daemonLog(level, write, format = "text") {
  const line = format === "json" ? jsonLine : textLine;
  const at = (l) => (text) => {
    if (daemonLevels.indexOf(l) >= daemonLevels.indexOf(level)) write(`${line(l, text)}
`);
  };
  return { debug: at("DEBUG"), info: at("INFO"), warn: at("WARN"), error: at("ERROR") };
}
function textLine(level, text) {
  const stamp = (/* @__PURE__ */ new Date()).toISOString().replace("T", " ").replace(".", ",").replace("Z", "");
  return `${stamp} ${level.padStart(7)} ${text.replaceAll("\r", "\\r").replaceAll("\n", "\\n")}`;
}
function jsonLine(level, text) {
  const [, bracket, rest] = /^\[(\d+|[A-Z][A-Z-]*)\] (.*)$/s.exec(text) ?? [];
  const about = bracket === void 0 ? {} : /^\d/.test(bracket) ? { job: Number(bracket) } : { part: bracket };
  return JSON.stringify({ time: (/* @__PURE__ */ new Date()).toISOString(), level: level.toLowerCase(), ...about, message: rest ?? text });
}
function parseDaemonLevel(name) {
  const upper = name.toUpperCase() === "WARNING" ? "WARN" : name.toUpperCase();
  return daemonLevels.find((l) => l === upper);
}
function daemonLogFormat(name = "text") {
  if (name === "text" || name === "json") return name;
  throw new ConfigurationError(`there is no log format "${name}"`, { code: "setting-log-format", hint: "Use text or json." });
}

// packages/base/src/duration.ts
function isoMicroseconds(date2) {
  return date2.toISOString().replace(/\.(\d{3})Z$/, (_, ms) => ms === "000" ? "+00:00" : `.${ms}000+00:00`);
}

// packages/base/src/paths.ts
import { join } from "node:path";
function lavaPaths(root = process.env["LAVA_ROOT"] || "/") {
  const at = (...parts) => join(root, ...parts);
  return {
    root,
    serverConfig: at("etc/lava-server"),
    dispatcherConfig: at("etc/lava-server/dispatcher-config"),
    workerConfig: at("etc/lava-dispatcher"),
    certificates: at("etc/lava-dispatcher/certificates.d"),
    serverState: at("var/lib/lava-server"),
    workerState: at("var/lib/lava/dispatcher"),
    serverLogs: at("var/log/lava-server"),
    workerLogs: at("var/log/lava-dispatcher")
  };
}

// packages/base/src/version.ts
var version = "2026.11";

// packages/job/src/mapping.ts
function isMapping(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
function mappingAt(from, ...keys) {
  let at = from;
  for (const key of keys) at = isMapping(at) && Object.hasOwn(at, key) ? at[key] : void 0;
  return isMapping(at) ? at : void 0;
}

// packages/yaml/src/compose.ts
import { EVENT_ID, getScalarValue, SCALAR_STYLE } from "js-yaml";

// packages/yaml/src/values.ts
var YamlDate = class {
  text;
  constructor(text) {
    this.text = text;
  }
  toString() {
    return this.text;
  }
  toJSON() {
    return this.text;
  }
};
var YamlFloat = class {
  value;
  constructor(value) {
    this.value = value;
  }
  valueOf() {
    return this.value;
  }
  /** As Python prints it: `1.0`, `1e+16`, `inf`. */
  toString() {
    return pythonFloat(this.value);
  }
  toJSON() {
    return this.value;
  }
};
function pythonFloat(value) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 16) return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  const digits = mantissa.replace(/[-.]/g, "");
  const sign2 = value < 0 ? "-" : "";
  if (power < 0) return `${sign2}0.${"0".repeat(-power - 1)}${digits}`;
  return `${sign2}${digits.slice(0, power + 1).padEnd(power + 1, "0")}.${digits.slice(power + 1) || "0"}`;
}

// packages/yaml/src/scalars.ts
var yamlTag = "tag:yaml.org,2002:";
var float = new RegExp([
  String.raw`[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?`,
  String.raw`\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?`,
  String.raw`[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*`,
  String.raw`[-+]?\.(?:inf|Inf|INF)`,
  String.raw`\.(?:nan|NaN|NAN)`
].map((r) => `(?:^${r}$)`).join("|"));
var int = new RegExp([
  "[-+]?0b[01_]+",
  "[-+]?0[0-7_]+",
  "[-+]?(?:0|[1-9][0-9_]*)",
  "[-+]?0x[0-9a-fA-F_]+",
  "[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"
].map((r) => `(?:^${r}$)`).join("|"));
var date = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
var dateTime = /^([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)(?:[Tt]|[ \t]+)([0-9][0-9]?):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9][0-9]?)(?::([0-9]{2}))?))?$/;
var bools = { __proto__: null, yes: true, no: false, true: true, false: false, on: true, off: false };
var boolWord = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
var nullWord = /^(?:~|null|Null|NULL|)$/;
var longestNumber = 4300;
function resolvePlain(text) {
  if (text === "") return "null";
  if (!/^[-+.0-9yYnNtTfFoO~<=]/.test(text)) return "str";
  if (boolWord.test(text)) return "bool";
  if (float.test(text)) return "float";
  if (int.test(text)) return "int";
  if (text === "<<") return "merge";
  if (nullWord.test(text)) return "null";
  if (date.test(text) || dateTime.test(text)) return "timestamp";
  if (text === "=") return "value";
  return "str";
}
function parseInt11(source) {
  let text = source.replaceAll("_", "");
  if (text.length > longestNumber) return void 0;
  const negative = text.startsWith("-");
  if (/^[-+]/.test(text)) text = text.slice(1);
  let value;
  if (text === "0") value = 0n;
  else if (/^0b[01]+$/.test(text) || /^0x[0-9a-fA-F]+$/.test(text)) value = BigInt(text);
  else if (/^0[0-7]+$/.test(text)) value = BigInt(`0o${text.slice(1)}`);
  else if (/^[0-9]+(?::[0-9]+)+$/.test(text)) value = text.split(":").reduce((sum2, part) => sum2 * 60n + BigInt(part), 0n);
  else if (/^[1-9][0-9]*$/.test(text)) value = BigInt(text);
  else return void 0;
  if (negative) value = -value;
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
function parseFloat11(source) {
  let text = source.replaceAll("_", "").toLowerCase();
  const sign2 = text.startsWith("-") ? -1 : 1;
  if (/^[-+]/.test(text)) text = text.slice(1);
  if (text === ".inf") return sign2 * Infinity;
  if (text === ".nan") return NaN;
  if (text.includes(":")) {
    const parts = text.split(":").map(Number).toReversed();
    if (parts.some(Number.isNaN)) return void 0;
    let base = 1;
    let value = 0;
    for (const part of parts) {
      value += part * base;
      base *= 60;
    }
    return sign2 * value;
  }
  if (!/^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?$/.test(text)) return void 0;
  return sign2 * Number(text);
}
function parseDate(source) {
  if (date.test(source)) {
    const [y2 = 0, m = 0, d2 = 0] = source.split("-").map(Number);
    return validDay(y2, m, d2) ? new YamlDate(source) : void 0;
  }
  const match = dateTime.exec(source);
  if (!match) return void 0;
  const [, y, mo, d, h, mi, s, fraction = "", zone, zoneSign, zoneHours = "0", zoneMinutes = "0"] = match;
  if (!validDay(Number(y), Number(mo), Number(d)) || Number(h) > 23 || Number(mi) > 59 || Number(s) > 59) return void 0;
  const two = (n = 0) => String(Number(n)).padStart(2, "0");
  const micros = fraction.slice(0, 6).padEnd(6, "0");
  let offset = zone === void 0 ? "" : "+00:00";
  if (zoneSign) {
    const minutes = Number(zoneHours) * 60 + Number(zoneMinutes);
    if (minutes >= 24 * 60) return void 0;
    offset = `${minutes === 0 ? "+" : zoneSign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  }
  return new YamlDate(`${y}-${two(mo)}-${two(d)} ${two(h)}:${two(mi)}:${two(s)}${Number(micros) ? `.${micros}` : ""}${offset}`);
}
function validDay(y, m, d) {
  if (y < 1 || m < 1 || m > 12 || d < 1) return false;
  const at = new Date(Date.UTC(2e3, m, 0));
  const leap = y % 4 === 0 && y % 100 !== 0 || y % 400 === 0;
  return d <= (m === 2 && !leap ? 28 : at.getUTCDate());
}
function parseBinary(source) {
  const text = source.replace(/\s/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return void 0;
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
function constructScalar(tag, text, exact) {
  switch (tag) {
    case "str":
      return text;
    case "null":
      return null;
    case "bool":
      return bools[text.toLowerCase()];
    case "int":
      return parseInt11(text);
    case "float": {
      const value = parseFloat11(text);
      return value === void 0 || !exact ? value : new YamlFloat(value);
    }
    case "timestamp":
      return parseDate(text);
    case "binary":
      return parseBinary(text);
    default:
      return void 0;
  }
}

// packages/yaml/src/error.ts
var YamlError = class extends LavaError {
  name = "YamlError";
  type = "Job";
  help = "JobError: Your job cannot terminate cleanly.";
  reason;
  line;
  column;
  constructor(reason, at, options2 = {}) {
    super(`${reason} (${at.file ? `${at.file}, ` : ""}line ${at.line}, column ${at.column})`, { code: "yaml-syntax", ...options2, at });
    this.reason = reason;
    this.line = at.line;
    this.column = at.column;
  }
};

// packages/yaml/src/hints.ts
var hints = [
  [/tab characters/, "Indent with spaces: YAML does not allow tabs."],
  [/bad indentation of a mapping entry/, 'Compare the indentation with the line above. A value that contains ": " must be quoted.'],
  [/bad indentation of a sequence/, 'Entries of one list start in the same column, each with "- ".'],
  [/multiline key|expected ':' after a mapping key/, 'A key is missing its ":", or a text over several lines is not indented.'],
  [/expected after the key-value separator/, "Put a blank after the colon."],
  [/flow collection|comma between/, "Check the brackets, braces and commas of this list or mapping."],
  [/quoted scalar/, "A quote that was opened is not closed, or a quote inside the text is not doubled or escaped."],
  [/escape sequence/, "Inside double quotes a backslash must be written twice; single quotes take it as it is."],
  [/non-printable|null byte/, "Remove the control character, or write it as an escape inside double quotes."],
  [/tag handle/, 'Remove the tag (the word with "!"), or quote the text if it is meant to start with "!".'],
  [/end of the stream or a document separator/, "This line is indented differently from what is above it."]
];
function hintFor(reason, text, place) {
  const lines = text.slice(Math.max(0, place - 2e3), place).split("\n");
  const start = place - (lines.at(-1) ?? "").length;
  return hintFromLine(text.slice(start, start + 2e3).split("\n", 1)[0] ?? "", lines.at(-2) ?? "") ?? hints.find(([pattern]) => pattern.test(reason))?.[1];
}
function hintFromLine(line, before) {
  const special = /(?:^|: |- )\s*([@`%])/.exec(line)?.[1];
  if (special !== void 0) return `Quote the text: it must not begin with ${special}.`;
  if (/\t/.test(/^\s*/.exec(line)?.[0] ?? "")) return void 0;
  return [line, before].some((one) => /^\s*(?:- )?[\w-]+:[^\s:/]/.test(one)) ? "Put a blank after the colon." : void 0;
}

// packages/yaml/src/indentation.ts
import { YAMLException, parseEvents } from "js-yaml";
var mostParsed = 1e7;
function parseAnyIndentation(text, maxDepth) {
  const moved = [];
  const by = Math.min(1e3, longestIndentation(text) + 1);
  const original = (offset) => offset - moved.reduce((sum2, start) => sum2 + Math.max(0, Math.min(by, offset - start)), 0);
  for (let source = text; ; ) {
    try {
      const events = parseEvents(source, { maxDepth });
      return { events: moved.length ? events.map((event) => atOriginal(event, original)) : events, original };
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const start = source.lastIndexOf("\n", (error.mark?.position ?? 0) - 1) + 1;
      if (error.reason !== "deficient indentation" || moved.includes(start) || moved.length * text.length > mostParsed) return { error, original };
      moved.push(start);
      source = source.slice(0, start) + " ".repeat(by) + source.slice(start);
    }
  }
}
function longestIndentation(text) {
  let longest = 0;
  for (const [blanks] of text.matchAll(/^[ ?:-]+/gm)) longest = Math.max(longest, blanks.length);
  return longest;
}
function atOriginal(event, original) {
  return Object.fromEntries(Object.entries(event).map(([key, value]) => [key, typeof value === "number" && value >= 0 && /(^start|Start|End)$/.test(key) ? original(value) : value]));
}

// packages/yaml/src/compose.ts
var nodeWeight = 4;
function compose(text, lines, limits = {}) {
  const size = limits.size ?? 1 << 20;
  const maxDepth = limits.depth ?? 100;
  const expandedSize = limits.expandedSize ?? 8 * size;
  if (text.length > size) {
    throw new YamlError(`this text is too long: ${text.length} characters, at most ${size} are allowed`, lines.at(0), {
      code: "yaml-too-long",
      hint: "Keep large data out of it, for example behind a URL that the job downloads."
    });
  }
  const events = parse(text, lines, maxDepth);
  const anchors = /* @__PURE__ */ new Map();
  let directives = [];
  let next = 0;
  let total = 0;
  const fail = (offset, reason, code, hint) => {
    throw new YamlError(reason, lines.at(Math.max(0, offset)), { code, hint });
  };
  const addWeight = (weight, offset) => {
    total += weight;
    if (total > expandedSize) fail(offset, "aliases make this text too large", "yaml-alias-bomb", `With every alias replaced by its anchor it would pass ${expandedSize} characters. Use fewer or smaller anchors.`);
  };
  const checkName = (name, offset) => {
    if (!/^[A-Za-z0-9_-]+$/.test(name)) fail(offset, 'names of anchors consist of letters, digits, "-" and "_"', "yaml-anchor-name");
  };
  const fullTag = (from, to) => {
    const raw = text.slice(from, to);
    if (raw.startsWith("!<")) return decodeTag(raw.slice(2, -1));
    const end = raw.indexOf("!", 1);
    const handle = end < 0 ? "!" : raw.slice(0, end + 1);
    const declared = directives.find((d) => d.kind === "tag" && d.handle === handle);
    const prefix = declared?.kind === "tag" ? declared.prefix : handle === "!!" ? yamlTag : handle;
    return decodeTag(prefix + raw.slice(handle.length));
  };
  const node = (depth) => {
    const event = events[next++];
    if (event.type === EVENT_ID.ALIAS) {
      const name = text.slice(event.anchorStart, event.anchorEnd);
      checkName(name, event.anchorStart);
      const target = anchors.get(name);
      if (target === void 0) return fail(event.anchorStart, `there is no anchor &${name} before this alias`, "yaml-unknown-alias", `Quote it if a text that begins with "*" is meant; an alias needs "&${name}" before it.`);
      if (target === null) return fail(event.anchorStart, `the alias *${name} stands inside its own anchor`, "yaml-recursive-alias");
      addWeight(target.weight, event.anchorStart);
      if (depth + target.height > maxDepth) fail(event.anchorStart, `nested deeper than ${maxDepth} levels through this alias`, "yaml-too-deep");
      return { node: target, start: event.anchorStart - 1, end: event.anchorEnd };
    }
    const anchor = event.anchorStart < 0 ? void 0 : text.slice(event.anchorStart, event.anchorEnd);
    if (anchor !== void 0) checkName(anchor, event.anchorStart);
    const given = event.tagStart < 0 ? "" : fullTag(event.tagStart, event.tagEnd);
    const tag = given === "!" ? "" : given;
    const before = total;
    let made;
    if (event.type === EVENT_ID.SCALAR) {
      const value = scalarText(text, event);
      const plain = event.style === SCALAR_STYLE.PLAIN && given === "" || given === "!" && event.valueStart >= 0;
      const start = event.valueStart < 0 ? Math.max(event.tagStart, event.anchorStart) : event.valueStart;
      const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0;
      addWeight(nodeWeight + value.length, start);
      made = {
        kind: "scalar",
        text: value,
        tag: tag || yamlTag + (plain ? resolvePlain(value) : "str"),
        weight: 0,
        height: 0,
        start: start - quoted,
        end: event.valueStart < 0 ? Math.max(event.tagEnd, event.anchorEnd) : event.valueEnd + quoted
      };
    } else {
      if (depth >= maxDepth) fail(event.start, `nested deeper than ${maxDepth} levels`, "yaml-too-deep");
      if (anchor !== void 0) anchors.set(anchor, null);
      addWeight(nodeWeight, event.start);
      let height = 0;
      const child = () => {
        const o = node(depth + 1);
        height = Math.max(height, o.node.height);
        return o;
      };
      if (event.type === EVENT_ID.SEQUENCE) {
        const items = [];
        while (events[next]?.type !== EVENT_ID.POP) items.push(child());
        made = { kind: "sequence", items, tag: tag || `${yamlTag}seq`, weight: 0, height: 0, start: event.start, end: -1 };
      } else {
        const pairs = [];
        while (events[next]?.type !== EVENT_ID.POP) pairs.push([child(), child()]);
        made = { kind: "mapping", pairs, tag: tag || `${yamlTag}map`, weight: 0, height: 0, start: event.start, end: -1 };
      }
      made.height = height + 1;
      next++;
    }
    made.weight = total - before;
    if (anchor !== void 0) anchors.set(anchor, made);
    return { node: made, start: made.start, end: made.end };
  };
  const head = events[next++];
  if (!head) return void 0;
  if (head.type === EVENT_ID.DOCUMENT) directives = head.directives;
  const root = node(0);
  const second = events[next + 1];
  if (second) {
    fail(offsetOf(events.slice(next + 2).find((e) => offsetOf(e) >= 0)), "there is a second document", "yaml-second-document", "Only one document is expected: remove the line --- and what follows it.");
  }
  return root;
}
function scalarText(text, event) {
  const value = getScalarValue(text, event);
  const block = event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK;
  return block && event.valueEnd === text.length && !/[\r\n]$/.test(text) && value.endsWith("\n") ? value.slice(0, -1) : value;
}
function offsetOf(event) {
  if (!event || event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) return -1;
  return event.type === EVENT_ID.SCALAR ? event.valueStart : event.type === EVENT_ID.ALIAS ? event.anchorStart : event.start;
}
function decodeTag(tag) {
  try {
    return decodeURIComponent(tag);
  } catch {
    return tag;
  }
}
function parse(text, lines, maxDepth) {
  const parsed = parseAnyIndentation(text, maxDepth + 1);
  if ("events" in parsed) return parsed.events;
  const { reason, mark: mark2 } = parsed.error;
  const deep = reason.startsWith("nesting exceeded");
  throw new YamlError(deep ? `nested deeper than ${maxDepth} levels` : reason, lines.at(parsed.original(mark2?.position ?? 0)), {
    code: deep ? "yaml-too-deep" : "yaml-syntax",
    hint: hintFor(reason, text, parsed.original(mark2?.position ?? 0))
  });
}

// packages/yaml/src/construct.ts
function construct(root, lines, exact) {
  const duplicates = [];
  const places = /* @__PURE__ */ new Map();
  const made = /* @__PURE__ */ new Map();
  const flat = /* @__PURE__ */ new Map();
  const fail = (at, reason, code, hint) => {
    throw new YamlError(reason, lines.at(Math.max(0, at.start), at.end), { code, hint });
  };
  const value = ({ node, ...at }) => {
    if (node.kind !== "scalar" && made.has(node)) return made.get(node);
    const short = node.tag.startsWith(yamlTag) ? node.tag.slice(yamlTag.length) : "";
    let result;
    if (node.kind === "scalar") {
      result = constructScalar(short, node.text, exact);
      if (result === void 0) refuse(node, at, short);
    } else if (node.kind === "sequence" && short === "seq") {
      const list = [];
      const table = /* @__PURE__ */ new Map();
      for (const [i, item] of node.items.entries()) {
        list.push(value(item));
        table.set(i, { key: void 0, value: item });
      }
      places.set(list, table);
      result = list;
    } else if (node.kind === "sequence" && (short === "omap" || short === "pairs")) {
      result = node.items.map((item) => pairOf(item, short));
    } else if (node.kind === "mapping" && (short === "map" || short === "set")) {
      result = mapping(node);
      if (short === "set") result = result instanceof Map ? new Set(result.keys()) : Object.keys(result);
    } else refuse(node, at, short);
    made.set(node, result);
    return result;
  };
  const refuse = (node, at, short) => {
    const known = ["str", "null", "bool", "int", "float", "timestamp", "binary", "seq", "map", "set", "omap", "pairs"].includes(short);
    const shown = short ? `!!${short}` : node.tag;
    if (node.kind === "scalar" && short === "value") fail(at, 'a lone "=" has a special meaning in YAML', "yaml-value", 'Quote it: "=".');
    if (node.kind === "scalar" && short === "merge") fail(at, '"<<" stands for merging and can only be a key', "yaml-merge", 'Quote it if the text is meant: "<<".');
    if (node.kind === "scalar" && short === "timestamp") fail(at, `${JSON.stringify(node.text)} looks like a date but is none`, "yaml-date", "Quote it if the text is meant.");
    if (!known) fail(at, `the tag ${shown} is not known`, "yaml-tag", 'Only the standard tags of YAML are accepted. Quote the text if it is meant to start with "!".');
    return fail(at, `this is not a valid ${shown}`, "yaml-tag");
  };
  const pairOf = (item, short) => {
    const pair = item.node.kind === "mapping" && item.node.pairs.length === 1 ? item.node.pairs[0] : void 0;
    if (!pair) return fail(item, `entries of !!${short} are mappings of one key`, "yaml-tag");
    return [value(pair[0]), value(pair[1])];
  };
  const flatten = (node) => {
    const known = flat.get(node);
    if (known) return known;
    const merged = [];
    const own2 = [];
    for (const pair of node.pairs) {
      const [key, { node: target, ...at }] = pair;
      if (key.node.tag !== `${yamlTag}merge`) {
        own2.push(pair);
        continue;
      }
      const sources = target.kind === "sequence" ? target.items.toReversed() : [{ node: target, ...at }];
      for (const source of sources) {
        if (source.node.kind !== "mapping") fail(source, "only a mapping or a list of mappings can be merged", "yaml-merge", 'After "<<:" write an alias of a mapping, or a list of them.');
        else merged.push(...distinct(flatten(source.node)));
      }
    }
    const pairs = merged.length ? distinct([...merged, ...own2]) : own2;
    flat.set(node, pairs);
    return pairs;
  };
  const distinct = (pairs) => {
    const table = /* @__PURE__ */ new Map();
    for (const pair of pairs) table.set(keyOf(pair[0]).id, pair);
    return [...table.values()];
  };
  const keyOf = (at) => {
    if (at.node.kind !== "scalar") return fail(at, "a list or a mapping cannot be a key", "yaml-key", "Quote the key if the text is meant; a template placeholder such as {{ name }} must be quoted or rendered first.");
    const key = at.node.tag === `${yamlTag}value` ? at.node.text : value(at);
    return { id: keyId(key), key };
  };
  const mapping = (node) => {
    const table = /* @__PURE__ */ new Map();
    const object = /* @__PURE__ */ Object.create(null);
    const entries = /* @__PURE__ */ new Map();
    let own2;
    for (const [keyAt, valueAt] of flatten(node)) {
      const { id, key } = keyOf(keyAt);
      const text = keyText(key);
      if (table.has(text)) {
        own2 ??= new Set(node.pairs.map(([k]) => k));
        if (own2.has(keyAt)) duplicates.push(keyAt);
      }
      table.set(text, { key: keyAt, value: valueAt });
      if (exact) entries.set(id, [entries.get(id)?.[0] ?? key, value(valueAt)]);
      else object[text] = value(valueAt);
    }
    const result = exact ? new Map(entries.values()) : object;
    places.set(result, table);
    return result;
  };
  return { value: value(root), places, duplicates };
}
function keyText(key) {
  return key instanceof YamlFloat ? pythonFloat(key.value) : typeof key === "number" && !Number.isInteger(key) ? pythonFloat(key) : String(key);
}
function keyId(key) {
  if (typeof key === "string") return `s${key}`;
  if (typeof key === "boolean") return `n${Number(key)}`;
  if (key instanceof YamlFloat) return `n${Number.isInteger(key.value) ? BigInt(key.value) : key.value}`;
  if (typeof key === "number" || typeof key === "bigint") return `n${key}`;
  return `${key === null ? "null" : key.constructor.name} ${String(key)}`;
}

// packages/yaml/src/lines.ts
var LineTable = class {
  #text;
  #file;
  #starts;
  constructor(text, file) {
    this.#text = text;
    this.#file = file;
  }
  /** Place of an offset; without an end (or one on another line) it reaches to the end of the line's text. */
  at(offset, end = -1) {
    const starts = this.#starts ??= lineStarts(this.#text);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = low + high + 1 >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const start = starts[low] ?? 0;
    const line = this.#text.slice(start, starts[low + 1] ?? this.#text.length).trimEnd();
    const column = offset - start + 1;
    const endColumn = end >= offset && end - start <= line.length ? end - start + 1 : line.length + 1;
    return { ...this.#file === void 0 ? {} : { file: this.#file }, line: low + 1, column, endColumn: Math.max(column + 1, endColumn) };
  }
};
function lineStarts(text) {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
  return starts;
}

// packages/yaml/src/load.ts
function loadYaml(text, options2 = {}) {
  return load(text, options2).value;
}
function load(text, options2) {
  const lines = new LineTable(text, options2.file);
  const root = compose(text, lines, options2.limits);
  if (!root) return { value: null, lines };
  return { ...construct(root, lines, options2.exact ?? false), root, lines };
}

// packages/yaml/src/dump.ts
var deepest = 400;
function dumpYaml(value, options2 = {}) {
  const literal2 = options2.literalBlocks ?? true;
  const out = [];
  const entry = (lead, item, indent, inList) => {
    const pairs2 = pairsOf(item);
    if (Array.isArray(item) && item.length) {
      if (inList) nestInline(lead, indent, () => list(item, indent + 2));
      else {
        out.push(lead);
        list(item, indent);
      }
    } else if (pairs2?.length) {
      const tag = item instanceof Set ? " !!set" : "";
      if (inList && !tag) nestInline(lead, indent, () => mapping(pairs2, indent + 2));
      else {
        out.push(lead + tag);
        mapping(pairs2, indent + 2);
      }
    } else out.push(`${lead} ${scalar(item, indent + 2, literal2)}`);
  };
  const nestInline = (lead, indent, write) => {
    const first = out.length;
    write();
    out[first] = `${lead} ${(out[first] ?? "").slice(indent + 2)}`;
  };
  const guard = (indent) => {
    if (indent > deepest * 2) throw new TypeError("this value is circular or too deep for YAML");
  };
  const list = (items, indent) => {
    guard(indent);
    for (const item of items) entry(`${" ".repeat(indent)}-`, item === void 0 ? null : item, indent, true);
  };
  const mapping = (pairs2, indent) => {
    guard(indent);
    for (const [key, item] of pairs2) {
      const text = scalar(key, 0, false);
      const lead = text.length < 1e3 ? `${" ".repeat(indent)}${text}:` : `${" ".repeat(indent)}? ${text}
${" ".repeat(indent)}:`;
      entry(lead, item, indent, false);
    }
  };
  const pairs = pairsOf(value);
  if (Array.isArray(value) && value.length) list(value, 0);
  else if (pairs?.length) {
    if (value instanceof Set) out.push("!!set");
    mapping(pairs, 0);
  } else out.push(scalar(value, 0, false));
  return `${out.join("\n")}
`;
}
function pairsOf(value) {
  if (value instanceof Map) return [...value].filter(([, v]) => v !== void 0);
  if (value instanceof Set) return [...value].map((key) => [key, null]);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return void 0;
  if (value instanceof YamlDate || value instanceof YamlFloat || value instanceof Uint8Array) return void 0;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) throw new TypeError(`YAML cannot hold a ${value.constructor.name}`);
  return Object.entries(value).filter(([, v]) => v !== void 0);
}
function scalar(value, indent, literal2) {
  if (typeof value === "string") return dumpString(value, indent, literal2);
  if (value === null || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : dumpFloat(value);
  if (value instanceof YamlFloat) return dumpFloat(value.value);
  if (value instanceof YamlDate) return value.text;
  if (value instanceof Uint8Array) return `!!binary ${JSON.stringify(btoa(Array.from(value, (b) => String.fromCharCode(b)).join("")))}`;
  if (Array.isArray(value)) return "[]";
  if (value instanceof Set) return "!!set {}";
  if (typeof value === "object") return "{}";
  throw new TypeError(`YAML cannot hold a ${typeof value}`);
}
function dumpFloat(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? ".nan" : value > 0 ? ".inf" : "-.inf";
  const text = pythonFloat(value);
  return text.includes(".") ? text : text.replace("e", ".0e");
}
var plainText = /^[^\s\-?:,[\]{}#&*!|>'"%@`\p{C}\p{Z}](?:[^\p{C}\p{Z}:#]| (?=[^ #])|:(?=[^\s,[\]{}\p{Z}])|(?<=[^\s])#)*$/u;
var printable = /^[\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u;
var unusual = /[\u2028\u2029\u0085]/;
function dumpString(value, indent, literal2) {
  const shown = printable.test(value) && !unusual.test(value);
  if (shown && !/[\t\n]/.test(value)) {
    if (plainText.test(value) && resolvePlain(value) === "str" && !/^(?:---|\.\.\.)/.test(value)) return value;
    return `'${value.replaceAll("'", "''")}'`;
  }
  if (literal2 && shown && isBlock(value)) {
    const lines = value.replace(/\n+$/, "").split("\n").map((line) => line ? " ".repeat(indent) + line : "");
    const rest = /\n*$/.exec(value)?.[0].length ?? 0;
    return `|${rest === 0 ? "-" : rest === 1 ? "" : "+"}
${lines.join("\n")}${"\n".repeat(Math.max(0, rest - 1))}`;
  }
  return JSON.stringify(value.toWellFormed()).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
function isBlock(value) {
  return value.includes("\n") && /^[^\s]/.test(value) && !/^[ \t]+$/m.test(value) && !value.includes("	");
}

// packages/job/src/python-text.ts
function pythonRepr(value) {
  if (typeof value === "string") return pythonString(value);
  if (value === null || value === void 0) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : pythonFloat(value);
  if (value instanceof YamlFloat) return pythonFloat(value.value);
  if (value instanceof YamlDate) return pythonString(value.text);
  if (value instanceof RegExp) return pythonString(value.source);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  if (typeof value !== "object") return String(value);
  const entries = value instanceof Map ? [...value] : Object.entries(value).filter(([, v]) => v !== void 0);
  return `{${entries.map(([k, v]) => `${pythonRepr(k)}: ${pythonRepr(v)}`).join(", ")}}`;
}
function pythonString(text) {
  const quote2 = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("	", "\\t").replaceAll(quote2, `\\${quote2}`).replace(/[\p{Cc}\u00a0\u00ad]/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return quote2 + escaped + quote2;
}

// packages/job/src/timeouts.ts
var defaultTimeout = 30;
var units = { days: 86400, hours: 3600, minutes: 60, seconds: 1 };
function timeoutSeconds(mapping, fallback = defaultTimeout) {
  if (typeof mapping !== "object" || mapping === null) return fallback;
  let seconds = 0;
  for (const [unit, size] of Object.entries(units)) {
    const given = mapping[unit];
    const value = typeof given === "object" ? 0 : Number(given ?? 0);
    if (Number.isFinite(value) && value > 0) seconds += value * size;
  }
  return Math.floor(seconds) || fallback;
}

// packages/job/src/log-record.ts
var longestRecord = 1e5;
var notPrintable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
var escape = (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
function quote(text) {
  return JSON.stringify(text.toWellFormed()).replace(notPrintable, escape);
}
function formatValue(value) {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? ".nan" : value > 0 ? ".inf" : "-.inf";
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(formatValue).join(", ")}]`;
  const entries = Object.entries(value).filter((e) => e[1] !== void 0);
  return `{${entries.map(([k, v]) => `${quote(k)}: ${formatValue(v)}`).join(", ")}}`;
}
function formatRecord(lvl, msg, options2 = {}) {
  const head = `{"dt": "${isoMicroseconds(options2.at ?? /* @__PURE__ */ new Date())}", "lvl": "${lvl}", "msg": `;
  const tail = options2.ns === void 0 ? "}" : `, "ns": ${quote(options2.ns)}}`;
  let line = head + formatValue(msg) + tail;
  if (options2.mask) line = options2.mask(line);
  if (line.length >= longestRecord) {
    line = head + formatValue(typeof msg === "string" ? "<line way too long ...>" : { skip: "line way too long ..." }) + tail;
  }
  return `- ${line}
`;
}

// packages/dispatcher/src/connections/process-tree.ts
import { readdirSync, readFileSync } from "node:fs";
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const f = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { pid, zombie: f[0] === "Z" || f[0] === "X", parent: Number(f[1]), group: Number(f[2]), session: Number(f[3]), startTime: f[19] ?? "" };
  } catch {
    return void 0;
  }
}
function allProcesses() {
  return readdirSync("/proc").filter((n) => /^\d+$/.test(n)).map((n) => stat(Number(n))).filter((s) => s !== void 0 && !s.zombie);
}
function processId(pid) {
  const found = stat(pid);
  return found === void 0 || found.zombie ? void 0 : { pid, startTime: found.startTime };
}
function isRunning(process2) {
  return processId(process2.pid)?.startTime === process2.startTime;
}
function processTree(root) {
  const all = allProcesses();
  const found = new Map(all.filter((p) => p.pid === root || p.group === root || p.session === root).map((p) => [p.pid, p]));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const p of all) if (found.has(p.parent)) found.set(p.pid, p);
  }
  return [...found.values()];
}
function processesWithEnvironment(variables) {
  const wanted = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return allProcesses().filter(({ pid }) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      return wanted.every((v) => environment.includes(v));
    } catch {
      return false;
    }
  });
}
function signal(process2, name) {
  try {
    if (isRunning(process2)) globalThis.process.kill(process2.pid, name);
  } catch {
  }
}
async function endProcesses(processes, graceMs2, polite = "SIGTERM") {
  for (const p of processes) signal(p, polite);
  for (const p of processes) signal(p, "SIGCONT");
  await gone(processes, graceMs2);
  for (const p of processes) signal(p, "SIGKILL");
  await gone(processes, 5e3);
}
async function gone(processes, withinMs) {
  for (let waited = 0, pause = 2; waited < withinMs && processes.some(isRunning); waited += pause, pause = Math.min(50, pause * 2)) await sleep(pause);
}

// packages/dispatcher/src/connections/shell-split.ts
function shellSplit(command) {
  const words = [];
  let word;
  for (let i = 0; i < command.length; i += 1) {
    const c = command[i];
    if (c === "'" || c === '"') {
      const from = i;
      word ??= "";
      for (i += 1; command[i] !== c; i += 1) {
        if (i >= command.length) throw new ConfigurationError(`No closing quotation in '${command}' (opened at character ${from + 1})`, { code: "command-quoting" });
        if (c === '"' && command[i] === "\\" && (command[i + 1] === '"' || command[i + 1] === "\\")) i += 1;
        word += command[i];
      }
    } else if (c === "\\") {
      i += 1;
      if (i >= command.length) throw new ConfigurationError(`No escaped character at the end of '${command}'`, { code: "command-quoting" });
      word = (word ?? "") + command[i];
    } else if (/\s/.test(c)) {
      if (word !== void 0) words.push(word);
      word = void 0;
    } else {
      word = (word ?? "") + c;
    }
  }
  if (word !== void 0) words.push(word);
  return words;
}

// packages/dispatcher/src/containers/run-container.ts
import { existsSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import { join as join2 } from "node:path";

// packages/dispatcher/src/pipeline/as-text.ts
function asText(value) {
  return isMapping(value) || Array.isArray(value) ? pythonRepr(value) : String(value);
}

// packages/dispatcher/src/pipeline/exec.ts
import { spawn } from "node:child_process";
var graceMs = 3e3;
var longestOutput = 16 << 20;
async function execProgram(a, argv, options2 = {}) {
  const [program, ...args] = argv;
  if (program === void 0) throw new JobError("nothing to run: the command is empty", { code: "command-shape" });
  if (a.signal.aborted) throw a.signal.reason;
  const { log, signal: signal2 } = a;
  if (!options2.quiet) log.debug(`Calling: ${pythonRepr(argv)}`);
  const started = monotonicMs();
  const child = spawn(program, args, {
    cwd: options2.cwd,
    detached: true,
    stdio: [options2.input === void 0 ? "ignore" : "pipe", "pipe", "pipe"],
    env: { ...a.job.environment, ...options2.env }
  });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    let partial = "";
    child[name]?.setEncoding("utf8");
    child[name]?.on("data", (piece) => {
      if (text[name].length < longestOutput) text[name] += piece;
      if (options2.quiet) return;
      const lines = (partial + piece).split("\n");
      partial = lines.pop() ?? "";
      for (const line of lines) log.debug(`>> ${line.replace(/\r$/, "")}`);
    });
    child[name]?.on("end", () => {
      if (partial !== "") log.debug(`>> ${partial}`);
    });
  }
  child.stdin?.on("error", () => void 0);
  child.stdin?.end(options2.input);
  const stop = () => {
    if (child.pid !== void 0) void endProcesses(processTree(child.pid), graceMs);
  };
  if (signal2.aborted) stop();
  else signal2.addEventListener("abort", stop, { once: true });
  const status = await new Promise((resolve5) => {
    child.on("error", () => resolve5(void 0));
    child.on("close", (code, killedBy) => resolve5(code ?? (killedBy === null ? 1 : -1)));
  });
  signal2.removeEventListener("abort", stop);
  if (signal2.aborted) throw signal2.reason;
  if (!options2.quiet) log.debug(`Returned ${status ?? 127} in ${Math.floor((monotonicMs() - started) / 1e3)} seconds`);
  if (status !== 0 && !options2.allowFail) {
    const failed = `Unable to run: ${pythonRepr(argv)}`;
    log.error(status === void 0 ? `${failed}: Cannot find command '${program}' in $PATH` : failed);
    const message = options2.errorMessage ?? failed;
    const why = options2.code === void 0 ? { code: "command-failed" } : { code: options2.code };
    throw options2.error === "Infrastructure" ? new InfrastructureError(message, why) : new JobError(message, why);
  }
  return { status: status ?? 127, ...text };
}

// packages/dispatcher/src/containers/run-container.ts
var removeSeconds = 30;
var note = "leftovers";
async function endNoted(scratch, log, environment) {
  const text = await readFile(join2(scratch, note), "utf8").catch(() => "");
  for (const line of text.split("\n").slice(0, -1)) await runAtEnd({ log, job: { environment } }, JSON.parse(line));
}
async function runAtEnd(a, argv) {
  try {
    await execProgram({ ...a, signal: AbortSignal.timeout(removeSeconds * 1e3) }, argv, { allowFail: true });
  } catch {
    a.log.warning(`'${argv.join(" ")}' did not end within ${removeSeconds} seconds`);
  }
}

// packages/dispatcher/src/log/journal.ts
import { closeSync, openSync, writeSync } from "node:fs";

// packages/dispatcher/src/expect/literal.ts
function literal(text) {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
}

// packages/dispatcher/src/log/mask.ts
var shortestLine = 8;
var Mask = class {
  #values = /* @__PURE__ */ new Set();
  #pattern;
  add(values) {
    for (const value of values) {
      if (value === "") continue;
      this.#values.add(value);
      const lines = value.split(/\r?\n/);
      if (lines.length > 1) {
        for (const line of lines) if (line.trim().length >= shortestLine) this.#values.add(line.trim());
      }
    }
    const longestFirst = [...this.#values].sort((a, b) => b.length - a.length);
    this.#pattern = longestFirst.length === 0 ? void 0 : new RegExp(longestFirst.map((v) => literal(v).source).join("|"), "g");
  }
  /** The text with every secret replaced by `[MASKED]`. */
  text(text) {
    return this.#pattern === void 0 ? text : text.replace(this.#pattern, "[MASKED]");
  }
  value(value) {
    if (this.#pattern === void 0 || value === null || typeof value === "boolean") return value;
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") {
      const hidden = this.text(String(value));
      return hidden === String(value) ? value : hidden;
    }
    if (Array.isArray(value)) return value.map((v) => this.value(v));
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [this.text(k), v === void 0 ? void 0 : this.value(v)]));
  }
};

// packages/dispatcher/src/log/journal.ts
var flushAfterMs = 10;
var flushAtLength = 1 << 18;
var Journal = class {
  #options;
  #mask = new Mask();
  #fd;
  #count = 0;
  #pending = "";
  /** Bytes that a full disk did not take; they come before `#pending`. */
  #unwritten = Buffer.alloc(0);
  #timer;
  #failed = false;
  #closed = false;
  constructor(options2) {
    this.#options = options2;
    if (options2.path === void 0) return;
    this.#fd = openSync(options2.path, "a", 420);
    process.on("exit", this.flush);
  }
  get count() {
    return this.#count;
  }
  debug(msg) {
    this.#add("debug", msg);
  }
  info(msg) {
    this.#add("info", msg);
  }
  warning(msg) {
    this.#add("warning", msg);
  }
  error(msg) {
    this.#add("error", msg);
  }
  exception(msg) {
    this.#add("exception", msg);
  }
  input(text) {
    this.#add("input", text);
  }
  target(line) {
    this.#add("target", line);
  }
  feedback(line, namespace) {
    this.#add("feedback", line, namespace);
  }
  event(text) {
    this.#add("event", text);
  }
  results(record) {
    this.#add("results", record);
  }
  mask(values) {
    this.#mask.add(values);
  }
  /** A value as it may leave the job: secrets hidden. */
  masked(value) {
    return this.#mask.value(value);
  }
  #add(lvl, raw, ns) {
    if (this.#closed) return;
    const msg = this.#mask.value(raw);
    const at = /* @__PURE__ */ new Date();
    this.#count += 1;
    this.#options.listener?.({ dt: isoMicroseconds(at), lvl, msg, ...ns !== void 0 && { ns } });
    if (this.#fd === void 0) return;
    this.#pending += formatRecord(lvl, msg, { at, ...ns !== void 0 && { ns } });
    if (this.#pending.length >= flushAtLength) this.flush();
    else this.#timer ??= setTimeout(this.flush, flushAfterMs);
  }
  /** Writes what is waiting, now. Never throws: what cannot be written is kept and tried again. */
  flush = () => {
    clearTimeout(this.#timer);
    this.#timer = void 0;
    if (this.#fd === void 0 || this.#closed) return;
    let data = this.#unwritten.length === 0 ? Buffer.from(this.#pending) : Buffer.concat([this.#unwritten, Buffer.from(this.#pending)]);
    this.#pending = "";
    try {
      while (data.length > 0) data = data.subarray(writeSync(this.#fd, data));
    } catch (error) {
      if (!this.#failed) this.#options.onFailure?.(error);
      this.#failed = true;
    }
    this.#unwritten = data;
  };
  close() {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    process.off("exit", this.flush);
    if (this.#fd !== void 0) closeSync(this.#fd);
  }
};

// packages/dispatcher/src/log/write-whole.ts
import { rename, writeFile } from "node:fs/promises";
async function writeWhole(path, text) {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

// packages/dispatcher/src/power/device-command.ts
function commandList(value, where) {
  if (value === void 0 || value === null || value === "") return void 0;
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) return void 0;
  if (!list.every((c) => typeof c === "string" && c.trim() !== "")) {
    throw new ConfigurationError(`${where} must be a command or a list of commands`, { code: "command-shape" });
  }
  return list;
}
function deviceCommand(device, name) {
  return commandList(mappingAt(device, "commands")?.[name], `commands.${name}`);
}

// packages/dispatcher/src/scratch.ts
import { mkdir, readFile as readFile2, readlink, rm, symlink, writeFile as writeFile2 } from "node:fs/promises";
import { join as join3, resolve } from "node:path";
var note2 = "scratch";
async function removeScratch(scratch, log, outputDir) {
  log.debug(`Removing root tmp directory at ${scratch}`);
  try {
    await rm(scratch, { recursive: true, force: true });
    if (outputDir !== void 0) await rm(join3(outputDir, note2), { force: true });
  } catch (error) {
    log.error(`Cannot remove ${scratch}: ${messageOf(error)}`);
  }
}
async function leftScratch(outputDir) {
  try {
    const scratch = await readFile2(join3(outputDir, note2), "utf8");
    return await readlink(join3(scratch, "logs.yaml")) === logOf(outputDir) ? scratch : void 0;
  } catch {
    return void 0;
  }
}
var logOf = (outputDir) => resolve(outputDir, "logs.yaml");

// packages/dispatcher/src/finish-dead-run.ts
var powerOffSeconds = 30;
async function finishDeadRun(options2) {
  const at = (name) => join4(options2.outputDir, name);
  if (existsSync2(at("result.yaml"))) return { poweredOff: (await readMapping(at("power.json")))["poweredOff"] !== false };
  await endLeftovers(options2.outputDir);
  const logs = at("logs.yaml");
  const closed2 = await dropTornLine(logs);
  const message = `The dispatcher process died before the end of the job: ${options2.reason}`;
  const failure = new InfrastructureError(message, { code: "dispatcher-died" });
  const record = { definition: "lava", case: "job", result: "fail", error_msg: failure.message, error_type: failure.type, error_code: failure.code };
  const journal = new Journal({ path: logs });
  journal.mask(Object.values(mappingAt(await readMapping(at("job.yaml")), "secrets") ?? {}).map(asText));
  try {
    journal.error(message);
    const poweredOff = await switchOff(await readMapping(at("device.yaml")), journal);
    const scratch = await leftScratch(options2.outputDir);
    if (scratch !== void 0) {
      await endNoted(scratch, journal, ownEnvironment());
      await removeScratch(scratch, journal, options2.outputDir);
    }
    if (!closed2) {
      journal.error(failure.help);
      journal.results(record);
    }
    journal.close();
    await writeWhole(at("power.json"), JSON.stringify({ poweredOff }));
    await writeWhole(at("result.yaml"), dumpYaml(record));
    return { poweredOff };
  } finally {
    journal.close();
  }
}
async function endLeftovers(outputDir) {
  const { pid, started, boot } = await readMapping(join4(outputDir, "process.json"));
  const found = processesWithEnvironment({ LAVA_ATTEMPT: resolve2(outputDir) });
  const now = (await readFile3("/proc/sys/kernel/random/boot_id", "latin1").catch(() => "")).trim();
  if (typeof pid === "number" && (boot === void 0 || boot === now)) {
    const tree = processTree(pid);
    const stranger = tree.some((p) => p.pid === pid) && !isRunning({ pid, startTime: String(started) });
    if (!stranger) found.push(...tree);
  }
  await endProcesses(found.filter((p) => p.pid !== process.pid), 500);
}
async function dropTornLine(path) {
  const file = await open(path, "a+");
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, 1 << 20));
    await file.read(tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf(10) + 1;
    if (end < tail.length) await file.truncate(size - tail.length + end);
    const lastLine = tail.subarray(tail.lastIndexOf(10, end - 2) + 1, end).toString();
    return lastLine.includes('"lvl": "results"') && lastLine.includes('"definition": "lava", "case": "job"');
  } finally {
    await file.close();
  }
}
async function switchOff(device, log) {
  try {
    const commands = deviceCommand(device, "power_off") ?? [];
    const seconds = timeoutSeconds(mappingAt(device, "timeouts", "actions")?.["power-off"], powerOffSeconds);
    const signal2 = AbortSignal.timeout(seconds * 1e3);
    for (const command of commands) await execProgram({ log, signal: signal2, job: { environment: ownEnvironment() } }, shellSplit(command));
    return true;
  } catch (error) {
    log.error(`Unable to power-off the device: ${error instanceof LavaError ? error.message : messageOf(error)}`);
    return false;
  }
}
function ownEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter((e) => e[1] !== void 0));
}
async function readMapping(path) {
  try {
    const value = loadYaml(await readFile3(path, "utf8"));
    return isMapping(value) ? value : {};
  } catch {
    return {};
  }
}

// packages/worker/src/cache-command.ts
import { existsSync as existsSync3 } from "node:fs";
import { parseArgs as parseArgs2 } from "node:util";

// packages/dispatcher/src/cache/cache-size.ts
var units2 = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
function parseCacheSize(text) {
  if (text === void 0 || text.trim() === "") return void 0;
  const { number, unit = "" } = /^(?<number>\d{1,15}(?:\.\d+)?)\s*(?:(?<unit>[KMGT])(?:i?B)?|B)?$/i.exec(text.trim())?.groups ?? {};
  const bytes = Math.floor(Number(number) * units2[unit.toUpperCase()]);
  if (number === void 0 || !Number.isSafeInteger(bytes)) {
    throw new ConfigurationError(`CACHE_SIZE is "${text}"`, { code: "setting-cache-size", hint: 'Write a size like CACHE_SIZE="20G" or "500M", or "0" to keep no downloads.' });
  }
  return bytes;
}

// packages/dispatcher/src/cache/download-cache.ts
import { lstat as lstat2, mkdir as mkdir2, open as open3, rename as rename3, rm as rm3, statfs as statfs2, utimes } from "node:fs/promises";
import { join as join7 } from "node:path";

// packages/dispatcher/src/cache/entry.ts
import { createHash } from "node:crypto";
import { readFile as readFile4, rename as rename2, writeFile as writeFile3 } from "node:fs/promises";
import { join as join5 } from "node:path";
function parseEntry(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return void 0;
  }
  if (!isMapping(value) || !isMapping(value["sums"])) return void 0;
  const { file, size, received, address } = value;
  return typeof file === "string" && typeof size === "number" && typeof received === "number" && typeof address === "string" ? value : void 0;
}

// packages/dispatcher/src/cache/folder.ts
import { lstat, readdir, readFile as readFile5, rm as rm2, statfs } from "node:fs/promises";
import { join as join6 } from "node:path";

// packages/dispatcher/src/cache/file-lock.ts
import { spawn as spawn2 } from "node:child_process";
import { once } from "node:events";
import { open as open2, stat as stat2 } from "node:fs/promises";
async function lockFile(path, { signal: signal2, onWait } = {}) {
  let waiting = false;
  for (; ; ) {
    const handle = await open2(path, "a+", 384);
    try {
      if (!await flock(handle, ["--nonblock"], signal2)) {
        if (onWait === void 0) return await closed(handle);
        if (!waiting) onWait();
        waiting = true;
        await flock(handle, [], signal2);
      }
      const [ours, there] = await Promise.all([handle.stat(), stat2(path).catch(() => void 0)]);
      if (ours.ino === there?.ino) return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
  }
}
async function closed(handle) {
  await handle.close();
}
async function flock(handle, options2, signal2) {
  const child = spawn2("flock", ["--exclusive", ...options2, "3"], { stdio: ["ignore", "ignore", "ignore", handle.fd], ...signal2 && { signal: signal2 } });
  const [status] = await once(child, "exit").catch((error) => {
    signal2?.throwIfAborted();
    throw new Error(`cannot run flock, of the Debian package util-linux: ${messageOf(error)}`);
  });
  if (status === 0) return true;
  signal2?.throwIfAborted();
  if (status === 1) return false;
  throw new Error(`flock ended with ${String(status)}: does the file system know locks?`);
}

// packages/dispatcher/src/cache/folder.ts
var keepPartsMs = 24 * 36e5;
var keepStrayMs = 36e5;
var placesIn = (folder) => ({
  /** Whole files: `SHA256.FORM`. */
  files: join6(folder, "files"),
  /** What is known of them: one record a checksum or address. */
  names: join6(folder, "names"),
  /** What is being fetched, or could not be fetched to its end. */
  parts: join6(folder, "parts")
});
async function look(folder, kind) {
  const found = await Promise.all((await readdir(folder).catch(() => [])).map(async (name) => {
    const stats = await lstat(join6(folder, name)).catch(() => void 0);
    return stats && { kind, name, bytes: stats.blocks * 512, used: kind === "file" ? stats.atimeMs : stats.mtimeMs, inUse: kind === "file" && stats.nlink > 1 };
  }));
  return found.filter((holding) => holding !== void 0);
}
async function holdings(folder) {
  const { files, parts } = placesIn(folder);
  return [...await look(files, "file"), ...await look(parts, "part")].sort((a, b) => a.used - b.used);
}
async function entriesOf(folder) {
  const { names } = placesIn(folder);
  const found = await Promise.all((await readdir(names).catch(() => [])).map(async (name) => {
    const entry = parseEntry(await readFile5(join6(names, name), "utf8").catch(() => ""));
    return entry && { ...entry, record: join6(names, name) };
  }));
  return found.filter((entry) => entry !== void 0);
}
async function trim(folder, { limit, free: needed = 0 }) {
  const { files, names } = placesIn(folder);
  const all = await holdings(folder);
  let total = all.reduce((sum2, { bytes }) => sum2 + bytes, 0);
  const disk = await statfs(folder);
  let free = disk.bavail * disk.bsize;
  let removed = false;
  for (const holding of all) {
    const stale = holding.kind === "part" && holding.used < Date.now() - keepPartsMs;
    if (total <= limit && free >= needed && !stale || holding.inUse) continue;
    if (holding.kind === "file") await rm2(join6(files, holding.name), { force: true });
    else if (!await removePart(folder, holding.name)) continue;
    total -= holding.bytes;
    free += holding.bytes;
    removed = true;
  }
  if (removed) await sweepNames(folder);
  for (const name of await readdir(names).catch(() => [])) {
    const path = join6(names, name);
    if (name.endsWith(".new") && ((await lstat(path).catch(() => void 0))?.mtimeMs ?? Infinity) < Date.now() - keepStrayMs) await rm2(path, { force: true });
  }
}
async function sweepNames(folder) {
  const { files } = placesIn(folder);
  const there = new Set(await readdir(files).catch(() => []));
  for (const { file, record } of await entriesOf(folder)) if (!there.has(file)) await rm2(record, { force: true });
}
async function removePart(folder, name) {
  const { parts } = placesIn(folder);
  const raw = join6(parts, name.replace(/\.(json|plain)$/, ""));
  const lock = await lockFile(raw);
  if (!lock) return false;
  try {
    for (const suffix of [".json", ".plain", ""]) await rm2(raw + suffix, { force: true });
    return true;
  } finally {
    await lock.close();
  }
}
async function clear(folder) {
  const before = (await holdings(folder)).reduce((sum2, { bytes }) => sum2 + bytes, 0);
  await trim(folder, { limit: -1 });
  return before - (await holdings(folder)).reduce((sum2, { bytes }) => sum2 + bytes, 0);
}

// packages/dispatcher/src/cache/download-cache.ts
var defaultLimit = 50 * 2 ** 30;
var cacheFolder = (paths) => join7(paths.workerState, "download-cache");
async function cacheLimit(folder, setting) {
  const limit = parseCacheSize(setting);
  if (limit !== void 0) return limit;
  const disk = await statfs2(folder);
  return Math.min(defaultLimit, Math.floor(disk.blocks * disk.bsize / 5));
}

// packages/worker/src/settings.ts
import { execFile } from "node:child_process";
import { hostname as shortName } from "node:os";
import { join as join11, resolve as resolve3 } from "node:path";
import { parseArgs, promisify } from "node:util";

// packages/link/src/messages.ts
var protocolVersion = 5;
var oldestProtocol = 4;
var callsSince = 5;

// packages/link/src/certificates.ts
import { link, mkdir as mkdir3, open as open4, readFile as readFile6, rm as rm4 } from "node:fs/promises";
import { basename, dirname, join as join8 } from "node:path";
import { curveKeyPair } from "zeromq";

// packages/link/src/z85.ts
var alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
function encodeZ85(bytes) {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let i = 0; i + 4 <= view.length; i += 4) {
    let value = view.readUInt32BE(i);
    let part = "";
    for (let j = 0; j < 5; j++) {
      part = alphabet.charAt(value % 85) + part;
      value = Math.floor(value / 85);
    }
    text += part;
  }
  return text;
}
function decodeZ85(text) {
  if (text.length % 5 !== 0) return void 0;
  const out = Buffer.alloc(text.length / 5 * 4);
  for (let i = 0; i < text.length; i += 5) {
    let value = 0;
    for (let j = 0; j < 5; j++) {
      const digit = alphabet.indexOf(text.charAt(i + j));
      if (digit < 0) return void 0;
      value = value * 85 + digit;
    }
    if (value > 4294967295) return void 0;
    out.writeUInt32BE(value, i / 5 * 4);
  }
  return out;
}

// packages/link/src/certificates.ts
var validName = /^[-_a-zA-Z0-9.]{1,200}$/;
var banner = (secret, at) => [
  `#   ****  Made by LAVA on ${at.toISOString()}  ****`,
  secret ? "#   ZeroMQ CURVE **secret** certificate." : "#   ZeroMQ CURVE public certificate.",
  secret ? "#   Keep this file on this machine and give it to nobody." : "#   Copy this file to the machines that shall trust its owner.",
  ""
].join("\n");
function formatCertificate(keys, metadata = {}) {
  const lines = ["metadata"];
  for (const [key, value] of Object.entries(metadata)) lines.push(`    ${key} = "${value.replaceAll('"', "'")}"`);
  lines.push("curve", `    public-key = "${keys.publicKey}"`);
  if (keys.secretKey !== void 0) lines.push(`    secret-key = "${keys.secretKey}"`);
  return `${lines.join("\n")}
`;
}
function parseCertificate(text, path) {
  const values = { curve: {}, metadata: {} };
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue;
    const entry = /^\s+([-\w./]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(.*?))\s*$/.exec(line);
    if (!entry) {
      section = line.trim();
      continue;
    }
    const target = values[section];
    if (target) target[entry[1] ?? ""] = entry[2] ?? entry[3] ?? entry[4] ?? "";
  }
  const key = (name) => {
    const value = values["curve"]?.[name];
    if (value !== void 0 && decodeZ85(value)?.length !== 32) {
      throw new ConfigurationError(`${path}: ${name} is not a key of 40 Z85 characters`, {
        code: "certificate-broken",
        hint: "Copy the file again, or make a new one with create_certificate."
      });
    }
    return value;
  };
  const publicKey = key("public-key");
  if (publicKey === void 0) {
    throw new ConfigurationError(`${path}: no public-key in a section "curve"`, {
      code: "certificate-broken",
      hint: "This is not a ZeroMQ certificate. Make one with create_certificate."
    });
  }
  return { path, publicKey, secretKey: key("secret-key"), metadata: values["metadata"] ?? {} };
}
async function readCertificate(path) {
  let text;
  try {
    text = await readFile6(path, "utf8");
  } catch (error) {
    const missing2 = error.code === "ENOENT";
    throw new ConfigurationError(missing2 ? `no certificate ${path}` : `cannot read certificate ${path}: ${messageOf(error)}`, {
      code: missing2 ? "certificate-missing" : "certificate-unreadable",
      cause: error
    });
  }
  return parseCertificate(text, path);
}
async function readSecretCertificate(path) {
  const { secretKey, ...rest } = await readCertificate(path);
  if (secretKey === void 0) {
    throw new ConfigurationError(`${path} holds no secret key`, {
      code: "certificate-not-secret",
      hint: "Name the .key_secret file; the .key file is only its public half."
    });
  }
  return { ...rest, secretKey };
}
async function createCertificate(directory, name, metadata = {}) {
  if (!validName.test(name) || name.startsWith(".")) {
    throw new ConfigurationError(`"${name}" cannot name a certificate`, {
      code: "certificate-name",
      hint: "Use letters, digits, dots, dashes and underscores, for example the hostname of the worker."
    });
  }
  await mkdir3(directory, { recursive: true, mode: 493 });
  const keys = curveKeyPair();
  const publicFile = join8(directory, `${name}.key`);
  const secretFile = join8(directory, `${name}.key_secret`);
  const now = /* @__PURE__ */ new Date();
  await writeNew(secretFile, banner(true, now) + formatCertificate(keys, metadata), 384);
  try {
    await writeNew(publicFile, banner(false, now) + formatCertificate({ publicKey: keys.publicKey }, metadata), 420);
  } catch (error) {
    await rm4(secretFile, { force: true });
    throw error;
  }
  return { publicFile, secretFile };
}
async function writeNew(path, text, mode) {
  const temporary = join8(dirname(path), `.${basename(path)}.${process.pid}`);
  const file = await open4(temporary, "w", mode);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
    await link(temporary, path);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    throw new ConfigurationError(`${path} exists already`, {
      code: "certificate-exists",
      hint: "Delete it first if it shall be replaced; whoever uses it will then be locked out."
    });
  } finally {
    await file.close();
    await rm4(temporary, { force: true });
  }
}

// packages/link/src/certificate-directory.ts
import { watch } from "node:fs";
import { readdir as readdir2, readFile as readFile7 } from "node:fs/promises";
import { join as join9 } from "node:path";
var rescanEvery = 5e3;
var CertificateDirectory = class {
  path;
  #log;
  #except;
  #keys = /* @__PURE__ */ new Map();
  #admitted = /* @__PURE__ */ new Set();
  #watcher;
  #timer;
  #settle;
  #onChange = () => {
  };
  #loading;
  #again = false;
  #lastRead = 0;
  #broken = /* @__PURE__ */ new Map();
  /** @param except a public key that is never admitted: the server's own, whose file usually lies in the same directory */
  constructor(path, log, except) {
    this.path = path;
    this.#log = log;
    this.#except = except;
  }
  /** Reads the directory and follows it from then on; `onChange` runs after each change of the admitted keys. */
  async open(onChange = () => {
  }) {
    this.#onChange = onChange;
    await this.reload();
    this.#timer = setInterval(() => {
      this.#watch();
      void this.reload();
    }, rescanEvery);
    this.#timer.unref();
    this.#watch();
  }
  close() {
    clearInterval(this.#timer);
    clearTimeout(this.#settle);
    this.#watcher?.close();
    this.#watcher = void 0;
  }
  /** Public key (Z85) of the certificate `name`, when it is admitted. */
  keyOf(name) {
    return this.#keys.get(name);
  }
  /** Looks at the disk again before it says no (once a second: anybody can ask), so that a certificate counts as soon as it is there. */
  async admits(publicKey) {
    if (!this.#admitted.has(publicKey) && monotonicMs() - this.#lastRead > 1e3) await this.reload();
    return this.#admitted.has(publicKey);
  }
  /** Reads the directory again now; resolves when what was on disk at the time of the call is in force. */
  async reload() {
    if (this.#loading) {
      this.#again = true;
      return this.#loading;
    }
    this.#loading = (async () => {
      do {
        this.#again = false;
        await this.#read();
      } while (this.#again);
    })().finally(() => {
      this.#loading = void 0;
    });
    return this.#loading;
  }
  #watch() {
    if (this.#watcher) return;
    try {
      this.#watcher = watch(this.path, { persistent: false }, () => this.#soon());
      this.#watcher.on("error", () => {
        this.#watcher?.close();
        this.#watcher = void 0;
      });
    } catch {
    }
  }
  /** A file that is being copied changes several times; it is read when it has been quiet for a moment. */
  #soon() {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => void this.reload(), 30);
    this.#settle.unref();
  }
  async #read() {
    this.#lastRead = monotonicMs();
    const keys = /* @__PURE__ */ new Map();
    const broken2 = /* @__PURE__ */ new Map();
    let names = [];
    try {
      names = (await readdir2(this.path)).filter((n) => n.endsWith(".key") && !n.startsWith(".")).sort();
    } catch (error) {
      broken2.set(this.path, messageOf(error));
    }
    for (const name of names) {
      const path = join9(this.path, name);
      try {
        const { publicKey } = parseCertificate(await readFile7(path, "utf8"), path);
        if (publicKey !== this.#except) keys.set(name.slice(0, -".key".length), publicKey);
      } catch (error) {
        broken2.set(path, messageOf(error));
      }
    }
    for (const [path, reason] of broken2) {
      if (this.#broken.get(path) !== reason) this.#log.warn(`[AUTH] Not admitted: ${reason}`);
    }
    this.#broken = broken2;
    const text = (map) => [...map].flat().join(" ");
    if (text(keys) === text(this.#keys)) return;
    this.#keys = keys;
    this.#admitted = new Set(keys.values());
    this.#log.info(`[AUTH] Reloading certificates from ${this.path}`);
    this.#onChange();
  }
};

// packages/link/src/server-endpoint.ts
import { randomBytes as randomBytes2 } from "node:crypto";
import { Context, Router } from "zeromq";

// packages/link/src/address.ts
import { isIP } from "node:net";
var isLoopback = (host) => host === "localhost" || host === "::1" || isIP(host) === 4 && host.startsWith("127.");
function hostOf(address) {
  const match = /^tcp:\/\/(\[[^\]]+\]|[^:/\s]+):(\d+|\*)$/.exec(address);
  if (!match?.[1]) {
    throw new ConfigurationError(`"${address}" is no address of the link`, { code: "link-address", hint: "Write tcp://HOST:PORT, for example tcp://lava.example.org:5556." });
  }
  return match[1].replace(/^\[|\]$/g, "");
}
function requireLoopback(addresses, anywhere) {
  for (const address of addresses) {
    if (!anywhere && !isLoopback(hostOf(address))) {
      throw new ConfigurationError(`${address} is not a loopback address, and encryption is off`, {
        code: "link-plain",
        hint: "Leave encryption on, use tcp://127.0.0.1:PORT, or give --allow-plain-network if everybody on that network may read job definitions and control the devices."
      });
    }
  }
}
function serverAddresses(master, logger) {
  const list = (text) => text.split(",").map((address) => address.trim()).filter((address) => address !== "");
  const [masters, loggers] = [list(master), list(logger)];
  if (masters.length === loggers.length && masters.length > 0) return masters.map((address, n) => ({ master: address, logger: loggers[n] }));
  throw new ConfigurationError(`MASTER_URL names ${masters.length} servers and LOGGER_URL ${loggers.length}`, {
    code: "link-address",
    hint: "Name each server in both, in the same order, with commas between them."
  });
}

// packages/link/src/greeter.ts
import { randomBytes } from "node:crypto";

// packages/link/src/proof.ts
import { createHmac, createPrivateKey, createPublicKey, diffieHellman, timingSafeEqual } from "node:crypto";
function bytesOf(key) {
  const bytes = decodeZ85(key);
  if (bytes?.length !== 32) throw new LavaBug("a CURVE key must be 40 Z85 characters", { code: "curve-key" });
  return bytes.toString("base64url");
}
function sharedSecret(own2, otherPublicKey) {
  const x = bytesOf(own2.publicKey);
  const privateKey = createPrivateKey({ key: { kty: "OKP", crv: "X25519", d: bytesOf(own2.secretKey), x }, format: "jwk" });
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: bytesOf(otherPublicKey) }, format: "jwk" });
  return diffieHellman({ privateKey, publicKey });
}
function proveClaim(secret, claim) {
  return createHmac("sha256", secret).update(JSON.stringify(["lava-link-greeting", claim.challenge, claim.hostname, claim.instance])).digest("hex");
}
function checkProof(secret, claim, proof) {
  const expected = Buffer.from(proveClaim(secret, claim));
  const given = Buffer.from(proof);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

// packages/link/src/greeter.ts
function commonProtocol({ protocol: oldest, newest = oldest }) {
  const common = Math.min(newest, protocolVersion);
  return common >= Math.max(oldest, oldestProtocol) ? common : void 0;
}
var validHostname = /^[-_a-zA-Z0-9.]{1,255}$/;
var mostChallenges = 1e3;
var Greeter = class {
  #options;
  #challenges = /* @__PURE__ */ new Map();
  #busy = /* @__PURE__ */ new Set();
  constructor(options2) {
    this.#options = options2;
  }
  /** Undefined: nothing to answer, as the route is being judged already, or its proof answers a challenge of the past. */
  async judge(route, hello) {
    const address = route.toString("hex");
    if (this.#busy.has(address)) return void 0;
    this.#busy.add(address);
    try {
      return await this.#judge(address, hello);
    } finally {
      this.#busy.delete(address);
    }
  }
  async #judge(address, hello) {
    const { hostname } = hello;
    const protocol = commonProtocol(hello);
    if (protocol === void 0) {
      return {
        accepted: false,
        retry: false,
        reason: `${hostname.slice(0, 255)} using protocol v${hello.newest ?? hello.protocol} while master is using v${protocolVersion}; install the same release on both`
      };
    }
    if (!validHostname.test(hostname) || hello.instance.length > 200) {
      return { accepted: false, retry: false, reason: "a hostname has 1 to 255 letters, digits, dots, dashes and underscores" };
    }
    const { own: own2, directory } = this.#options;
    let bound;
    if (own2 && directory) {
      const expected = this.#challenges.get(address);
      if (hello.proof === void 0 || hello.challenge === void 0) return { challenge: expected ?? this.#challenge(address) };
      if (hello.challenge !== expected) return void 0;
      this.#challenges.delete(address);
      const named = await this.#options.certificateOf(hostname);
      const certificate = named ?? hostname;
      const key = directory.keyOf(certificate);
      const hint = `if its certificate has another name, run on the server: lava-server manage workers update ${hostname} --certificate NAME`;
      if (key === void 0) {
        return { accepted: false, reason: `worker ${hostname} must hold the certificate ${certificate}, and there is no ${certificate}.key in the server's ${directory.path}; ${hint}` };
      }
      const proven = checkProof(sharedSecret(own2, key), { challenge: hello.challenge, hostname, instance: hello.instance }, hello.proof);
      if (!proven) return { accepted: false, reason: `worker ${hostname} must hold the certificate ${certificate}, but this process uses another one; ${hint}` };
      bound = { certificate, key };
    }
    const verdict = await this.#options.welcome({
      hostname,
      version: hello.version,
      protocol,
      capabilities: hello.capabilities,
      instance: hello.instance,
      certificate: bound?.certificate
    });
    return verdict.accepted ? { accepted: true, protocol, certificate: bound?.certificate, key: bound?.key } : verdict;
  }
  #challenge(address) {
    const challenge = randomBytes(32).toString("base64url");
    this.#challenges.delete(address);
    this.#challenges.set(address, challenge);
    if (this.#challenges.size > mostChallenges) this.#challenges.delete(this.#challenges.keys().next().value ?? "");
    return challenge;
  }
};

// packages/link/src/quiet-log.ts
var quietMs = 3e4;
var mostKeys = 1e3;
var mostLines = 100;
var QuietLog = class {
  #log;
  #window = { since: 0, lines: 0 };
  #seen = /* @__PURE__ */ new Map();
  constructor(log) {
    this.#log = log;
  }
  /** @param key peer and kind of the trouble */
  warn(key, text) {
    const now = monotonicMs();
    const seen = this.#seen.get(key);
    if (seen && now - seen.at < quietMs) {
      seen.more++;
      return;
    }
    if (now - this.#window.since > quietMs) this.#window = { since: now, lines: 0 };
    this.#window.lines++;
    if (this.#window.lines === mostLines) this.#log.warn("Too many different troubles with peers: the rest of them is not logged for 30 s");
    if (this.#window.lines >= mostLines) return;
    this.#seen.delete(key);
    this.#seen.set(key, { at: now, more: 0 });
    if (this.#seen.size > mostKeys) this.#seen.delete(this.#seen.keys().next().value ?? "");
    this.#log.warn(seen && seen.more > 0 ? `${text} (${seen.more} more since the last line like this)` : text);
  }
};

// packages/link/src/send-queue.ts
var SendQueue = class {
  #socket;
  #limit;
  #waiting = [];
  #bytes = 0;
  #running = false;
  #closed = false;
  /** @param limit bytes that may wait */
  constructor(socket, limit) {
    this.#socket = socket;
    this.#limit = limit;
  }
  /** False when the message was dropped. */
  push(frames) {
    const size = sizeOf(frames);
    if (this.#closed || this.#bytes > 0 && this.#bytes + size > this.#limit) return false;
    this.#bytes += size;
    this.#waiting.push(frames);
    if (!this.#running) void this.#drain();
    return true;
  }
  close() {
    this.#closed = true;
    this.#waiting = [];
  }
  async #drain() {
    this.#running = true;
    for (let i = 0; this.#waiting.length > 0; i = 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (; i < batch.length && !this.#closed; i++) {
        const frames = batch[i] ?? [];
        try {
          await this.#socket.send(frames);
        } catch {
        }
        this.#bytes -= sizeOf(frames);
      }
    }
    this.#running = false;
  }
};
var sizeOf = (frames) => frames.reduce((sum2, f) => sum2 + (typeof f === "string" ? f.length : f instanceof Uint8Array ? f.byteLength : 8), 0);

// packages/link/src/sockets.ts
var longestFrame = 16 * 1024 * 1024;
var socketOptions = {
  linger: 0,
  maxMessageSize: longestFrame,
  // ZMTP heartbeats notice a dead network within 15 s, whatever TCP believes.
  heartbeatInterval: 5e3,
  heartbeatTimeout: 15e3,
  heartbeatTimeToLive: 2e4
};
var withOtherServers = { heartbeatInterval: 1e3, heartbeatTimeout: 4e3 };

// packages/link/src/wire.ts
var WireError = class extends Error {
  name = "WireError";
};
var isText = (v) => typeof v === "string";
var isWhole = (v) => Number.isSafeInteger(v) && v >= 0;
var isTexts = (v) => Array.isArray(v) && v.length <= 1e3 && v.every(isText);
var isAttempts = (v) => Array.isArray(v) && v.length <= 1e4 && v.every((a) => typeof a === "object" && a !== null && isWhole(a.job) && isWhole(a.fence));
var isFiles = (v) => typeof v === "object" && v !== null && ["job.yaml", "device.yaml", "dispatcher.yaml", "env.yaml", "env-dut.yaml"].every((name) => isText(v[name]));
var isMapping2 = (v) => typeof v === "object" && v !== null && !Array.isArray(v);
var isFlag = (v) => typeof v === "boolean";
var isSeconds = (v) => typeof v === "number" && Number.isFinite(v) && v > 0;
var isResult = (v) => v === "pass" || v === "fail";
var optional = (check) => (v) => v === void 0 || check(v);
var attempt = { job: isWhole, fence: isWhole };
var inSession = { session: isText };
var workerMessages = {
  HELLO: { protocol: isWhole, newest: optional(isWhole), version: isText, hostname: isText, capabilities: isTexts, instance: isText, proof: optional(isText), challenge: optional(isText) },
  PING: { ...inSession, attempts: isAttempts },
  START_OK: { ...inSession, ...attempt },
  START_FAILED: { ...inSession, ...attempt, reason: isText },
  END: { ...inSession, ...attempt, result: isResult, errorType: isText, errorMessage: isText, errors: isText, description: isText, logLines: isWhole, poweredOff: isFlag },
  CALL: { ...inSession, ...attempt, call: isWhole, request: isMapping2 },
  UNKNOWN: { ...inSession, ...attempt },
  BYE: inSession
};
var serverMessages = {
  CHALLENGE: { challenge: isText },
  HELLO_OK: { protocol: isWhole, version: isText, session: isText, interval: isSeconds, capabilities: isTexts },
  REFUSED: { reason: isText, retry: isFlag },
  GREET: inSession,
  PROBE: {},
  PONG: { interval: isSeconds },
  START: { ...attempt, files: isFiles },
  CANCEL: attempt,
  STATUS: attempt,
  ANSWER: { ...attempt, call: isWhole, answer: isMapping2 },
  END_OK: attempt
};
var logMessages = { LOG: { ...inSession, ...attempt, index: isWhole, count: isWhole } };
var logReplies = {
  LOG_OK: { ...attempt, lines: isWhole },
  LOG_REFUSED: { ...attempt, reason: isText },
  GREET: inSession
};
function encode(message, binary) {
  const { type, ...header } = message;
  const frames = [type, JSON.stringify(header)];
  return binary ? [...frames, binary] : frames;
}
function decode(frames, table, binaryFrames = 0) {
  if (frames.length !== 2 + binaryFrames) throw new WireError(`${frames.length} frames instead of ${2 + binaryFrames}`);
  const type = frames[0]?.subarray(0, 40).toString("latin1") ?? "";
  if (!Object.hasOwn(table, type)) throw new WireError(`unknown message ${JSON.stringify(type)}`);
  let header;
  try {
    header = JSON.parse(frames[1]?.toString("utf8") ?? "");
  } catch {
    throw new WireError(`header of ${type} is not JSON`);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) throw new WireError(`header of ${type} is not a mapping`);
  const message = { type };
  for (const [field, check] of Object.entries(table[type])) {
    const value = Object.hasOwn(header, field) ? header[field] : void 0;
    if (!check(value)) throw new WireError(`${type} with a wrong or missing "${field}"`);
    if (value !== void 0) message[field] = value;
  }
  return message;
}

// packages/link/src/zap.ts
import { Reply } from "zeromq";
var zapDomain = "lava";
async function authenticate(context, admits, refused) {
  const socket = new Reply({ context, linger: 0 });
  await socket.bind("inproc://zeromq.zap.01");
  const answer = async () => {
    for await (const [version2, id, , address, , mechanism, credentials] of socket) {
      const isCurve = mechanism?.toString() === "CURVE" && credentials?.length === 32;
      const key = isCurve ? encodeZ85(credentials) : `mechanism ${mechanism?.toString() ?? "none"}`;
      const ok = isCurve && await admits(key);
      if (!ok) refused({ address: address?.toString() ?? "", key });
      await socket.send([version2 ?? "1.0", id ?? "", ok ? "200" : "400", ok ? "OK" : "certificate not admitted", ok ? key : "", ""]);
    }
  };
  void answer().catch(() => {
  });
  return socket;
}

// packages/link/src/server-endpoint.ts
var mostPending = 64 * 1024 * 1024;
var ServerEndpoint = class {
  #options;
  #daemonLog;
  #quiet;
  #interval;
  #context = new Context();
  #own;
  #directory;
  #zap;
  #control;
  #logs;
  #controlQueue;
  #logQueue;
  #greeter;
  #timer;
  #byHost = /* @__PURE__ */ new Map();
  #byToken = /* @__PURE__ */ new Map();
  #pending = 0;
  constructor(options2) {
    this.#options = options2;
    this.#daemonLog = options2.daemonLog;
    this.#quiet = new QuietLog(options2.daemonLog);
    this.#interval = options2.interval ?? 20;
  }
  /** Reads certificates, binds and listens. Throws ConfigurationError, or the system's error when an address is taken. */
  async open() {
    const { encryption, ipv6 = false } = this.#options;
    const common = { ...socketOptions, context: this.#context, ipv6 };
    if ("plain" in encryption) {
      requireLoopback([this.#options.control, this.#options.log], encryption.plain === "anywhere");
      this.#daemonLog.warn("Encryption is off: whoever reaches the sockets is believed to be the worker it says");
      this.#control = new Router(common);
      this.#logs = new Router({ ...common, receiveHighWaterMark: 16 });
    } else {
      await this.#startEncryption(encryption.certificate, encryption.directory);
      const curve = { ...common, curveServer: true, curveSecretKey: this.#own?.secretKey, curvePublicKey: this.#own?.publicKey, zapDomain };
      this.#control = new Router(curve);
      this.#logs = new Router({ ...curve, receiveHighWaterMark: 16 });
    }
    this.#greeter = new Greeter({
      own: this.#own,
      directory: this.#directory,
      certificateOf: (hostname) => this.#options.handlers.certificateOf(hostname),
      welcome: (hello) => this.#options.handlers.welcome(hello)
    });
    for (const socket of [this.#control, this.#logs]) this.#watch(socket);
    await this.#control.bind(this.#options.control);
    await this.#logs.bind(this.#options.log);
    this.#controlQueue = new SendQueue(this.#control, mostPending);
    this.#logQueue = new SendQueue(this.#logs, mostPending);
    const broken2 = (error) => this.#daemonLog.error(`The link stopped reading: ${messageOf(error)}`);
    this.#readControl(this.#control).catch(broken2);
    this.#readLogs(this.#logs).catch(broken2);
    this.#timer = setInterval(() => this.#endSilent(), this.#interval * 500);
  }
  /** The addresses bound, with real port numbers. */
  get addresses() {
    return { control: this.#control?.lastEndpoint ?? "", log: this.#logs?.lastEndpoint ?? "" };
  }
  sessions() {
    return [...this.#byHost.values()];
  }
  /**
   * Sends to a worker's session. True means that it was queued, not that it arrived: whatever matters is sent again
   * until it is answered. False: there is no session.
   */
  send(hostname, message) {
    const session = this.#byHost.get(hostname);
    return session !== void 0 && this.#send(session.route, message);
  }
  /** Answers on the connection that the session's last LOG came from. */
  replyLog(session, reply) {
    const open7 = this.#byHost.get(session.hostname);
    return open7?.logRoute !== void 0 && (this.#logQueue?.push([open7.logRoute, ...encode(reply)]) ?? false);
  }
  /** Ends a worker's session now: it is told why and may greet again. */
  end(hostname, reason) {
    const session = this.#byHost.get(hostname);
    if (!session) return;
    this.#send(session.route, { type: "REFUSED", reason, retry: true });
    this.#drop(session, reason);
  }
  async close() {
    clearInterval(this.#timer);
    this.#directory?.close();
    this.#controlQueue?.close();
    this.#logQueue?.close();
    this.#control?.close();
    this.#logs?.close();
    this.#zap?.close();
    await sleep(0);
  }
  async #startEncryption(certificate, directory) {
    this.#daemonLog.info("Starting encryption");
    this.#daemonLog.debug(`Opening master certificate: ${certificate}`);
    const own2 = await readSecretCertificate(certificate);
    this.#daemonLog.debug(`Using slaves certificates from: ${directory}`);
    const admitted = new CertificateDirectory(directory, this.#daemonLog, own2.publicKey);
    this.#own = own2;
    this.#directory = admitted;
    await admitted.open(() => this.#endRevoked());
    this.#zap = await authenticate(this.#context, (key) => admitted.admits(key), ({ key, address }) => this.#quiet.warn(`zap ${address} ${key}`, `[AUTH] Refused ${address}: no certificate in ${directory} has its key ${key}`));
  }
  #watch(socket) {
    socket.events.on("handshake:error:protocol", ({ error }) => {
      const why = this.#whyRefused(error.code);
      this.#quiet.warn(`handshake ${why}`, `[AUTH] Refused a connection: ${why}`);
    });
  }
  #whyRefused(code) {
    if (code === "ERR_ZMTP_MECHANISM_MISMATCH") return this.#own ? "it is not encrypted" : "it is encrypted, this server is not";
    if (code === "ERR_ZMTP_CRYPTOGRAPHIC") return "it expects another server certificate; copy this server's master.key to that worker again";
    return `it does not speak ZeroMQ's protocol (${code ?? "unknown"})`;
  }
  async #readControl(socket) {
    for await (const [route, ...frames] of socket) {
      if (!this.#assigned(route)) continue;
      try {
        this.#handle(route, decode(frames, workerMessages));
      } catch (error) {
        this.#quiet.warn(`control ${route.toString("hex")}`, `Message from ${this.#nameOf(route)} dropped: ${messageOf(error)}`);
      }
    }
  }
  #handle(route, message) {
    if (message.type === "HELLO") {
      void this.#greet(route, message).catch((error) => this.#daemonLog.error(`HELLO of ${message.hostname}: ${messageOf(error)}`));
      return;
    }
    const session = this.#byToken.get(message.session);
    if (!session) {
      this.#send(route, { type: "GREET", session: message.session });
      return;
    }
    session.route = route;
    session.heard = monotonicMs();
    if (message.type === "BYE") {
      this.#drop(session, "the worker said goodbye");
      return;
    }
    if (message.type === "PING") {
      this.#send(route, { type: "PONG", interval: this.#interval });
      this.#daemonLog.debug(`${session.hostname} => PING(${this.#interval})`);
    }
    this.#options.handlers.onMessage(session, message);
  }
  async #readLogs(socket) {
    for await (const [route, ...frames] of socket) {
      if (!this.#assigned(route)) continue;
      try {
        const message = decode(frames, logMessages, 1);
        const session = this.#byToken.get(message.session);
        if (!session) {
          this.#logQueue?.push([route, ...encode({ type: "GREET", session: message.session })]);
          continue;
        }
        session.logRoute = route;
        session.heard = monotonicMs();
        await this.#handLog(session, message, frames[2] ?? Buffer.alloc(0));
      } catch (error) {
        this.#quiet.warn(`log ${route.toString("hex")}`, `Log message of a peer dropped: ${messageOf(error)}`);
      }
    }
  }
  async #handLog(session, message, records) {
    const done = this.#options.handlers.onLog(session, message, records);
    if (!done) return;
    this.#pending += records.length;
    const settled = done.catch((error) => this.#daemonLog.error(`Log of job ${message.job}: ${messageOf(error)}`)).finally(() => {
      this.#pending -= records.length;
    });
    if (this.#pending > mostPending) await settled;
  }
  async #greet(route, hello) {
    const verdict = await this.#greeter?.judge(route, hello);
    if (!verdict) return;
    if ("challenge" in verdict) {
      this.#send(route, { type: "CHALLENGE", challenge: verdict.challenge });
      return;
    }
    const { hostname, instance } = hello;
    let refusal = verdict.accepted ? void 0 : verdict;
    const free = !verdict.accepted || await this.#mayTakeOver(hostname, instance);
    if (verdict.accepted && verdict.certificate !== void 0 && this.#directory?.keyOf(verdict.certificate) !== verdict.key) {
      refusal = { accepted: false, reason: `the certificate ${verdict.certificate}.key was removed from the server` };
    } else if (!free) {
      refusal = { accepted: false, reason: `another process is already connected as ${hostname}; stop it, or give this one another --hostname`, retry: true };
    }
    if (refusal) {
      this.#quiet.warn(`hello ${hostname} ${refusal.reason}`, `[AUTH] Refused ${JSON.stringify(hostname)}: ${refusal.reason}`);
      this.#send(route, { type: "REFUSED", reason: refusal.reason, retry: refusal.retry ?? true });
      return;
    }
    if (!verdict.accepted) return;
    const before = this.#byHost.get(hostname);
    if (before) {
      if (before.instance === instance) this.#forget(before);
      else this.#drop(before, "another process took its place");
    }
    const session = {
      hostname,
      instance,
      protocol: verdict.protocol,
      version: hello.version,
      capabilities: hello.capabilities,
      certificate: verdict.certificate,
      key: verdict.key,
      token: randomBytes2(32).toString("base64url"),
      route,
      logRoute: void 0,
      heard: monotonicMs()
    };
    this.#byHost.set(hostname, session);
    this.#byToken.set(session.token, session);
    this.#daemonLog.info(`${hostname} => HELLO`);
    this.#send(route, {
      type: "HELLO_OK",
      protocol: verdict.protocol,
      version: this.#options.version,
      session: session.token,
      interval: this.#interval,
      capabilities: this.#options.capabilities ?? []
    });
    this.#options.handlers.onSession(session);
  }
  /** False while another process of that hostname lives: it is asked, since a killed one may have been replaced. */
  async #mayTakeOver(hostname, instance) {
    const first = this.#byHost.get(hostname);
    if (!first || first.instance === instance) return true;
    const asked = monotonicMs();
    this.#send(first.route, { type: "PROBE" });
    const limit = this.#options.probe ?? 2e3;
    while (monotonicMs() - asked < limit) {
      await sleep(50);
      if (first.heard > asked) break;
    }
    const now = this.#byHost.get(hostname);
    return now === void 0 || now.instance === instance || now === first && first.heard <= asked;
  }
  #endRevoked() {
    for (const session of this.#byHost.values()) {
      if (session.certificate !== void 0 && this.#directory?.keyOf(session.certificate) !== session.key) {
        this.#daemonLog.warn(`[AUTH] ${session.hostname} is locked out: ${session.certificate}.key was removed or replaced`);
        this.end(session.hostname, `the certificate ${session.certificate}.key was removed from the server`);
      }
    }
  }
  #endSilent() {
    const limit = (this.#options.silence ?? 3 * this.#interval) * 1e3;
    for (const session of this.#byHost.values()) {
      if (monotonicMs() - session.heard > limit) this.#drop(session, `nothing heard for ${Math.round(limit / 1e3)} s`);
    }
  }
  #drop(session, reason) {
    this.#forget(session);
    this.#options.handlers.onEnd(session, reason);
  }
  #forget(session) {
    if (this.#byHost.get(session.hostname) === session) this.#byHost.delete(session.hostname);
    this.#byToken.delete(session.token);
  }
  /** Routing ids that ZeroMQ assigns are five bytes, the first zero. */
  #assigned(route) {
    if (route?.length === 5 && route[0] === 0) return true;
    this.#quiet.warn("routing id", "Message of a peer that chose its own routing id dropped");
    return false;
  }
  #nameOf(route) {
    for (const session of this.#byHost.values()) if (session.route.equals(route)) return session.hostname;
    return "a peer without a session";
  }
  #send(route, message) {
    return this.#controlQueue?.push([route, ...encode(message)]) ?? false;
  }
};

// packages/link/src/worker-endpoint.ts
import { randomUUID } from "node:crypto";
import { Context as Context2, Dealer } from "zeromq";
var mostWaiting = 32 * 1024 * 1024;
var longestPause = 3e4;
var [comeBack, reach] = [1e3, 1500];
var WorkerEndpoint = class {
  instance = randomUUID();
  #options;
  #log;
  #quiet;
  #context;
  #secret;
  #servers;
  /** Which of them is dialled. */
  #at = 0;
  /** When the connection to a server broke, where there are others; undefined while it is whole. */
  #broke;
  /** The server that was dialled is there, whether it has answered or not. */
  #reached = false;
  #control;
  #logs;
  #controlQueue;
  #logQueue;
  #session;
  #protocol = protocolVersion;
  #interval = 20;
  #heard = 0;
  #pinged = 0;
  #greeted = 0;
  #unanswered = 0;
  /** Pause before the next greeting after a refusal; grows. */
  #pause = 0;
  #timer;
  #retry;
  #offline = false;
  #closed = false;
  /** Throws ConfigurationError when plain was asked for and an address is not loopback. */
  constructor(options2) {
    this.#options = options2;
    this.#context = options2.context ?? new Context2();
    this.#log = options2.daemonLog;
    this.#quiet = new QuietLog(options2.daemonLog);
    const { encryption } = options2;
    this.#servers = serverAddresses(options2.master, options2.logger);
    requireLoopback(this.#servers.flatMap(({ master, logger }) => [master, logger]), !("plain" in encryption) || encryption.plain === "anywhere");
    if (!("plain" in encryption)) this.#secret = sharedSecret({ ...encryption.own }, encryption.master.publicKey);
  }
  /** Starts dialling; returns at once. */
  open() {
    const { encryption, hostname } = this.#options;
    this.#log.info("Creating ZMQ context and socket connections");
    if (!("plain" in encryption)) {
      this.#log.info("Starting encryption");
      this.#log.debug(`Opening slave certificate: ${encryption.own.path}`);
      this.#log.debug(`Opening master certificate: ${encryption.master.path}`);
    }
    this.#log.info(`Connecting to master as <${hostname}>`);
    if ("plain" in encryption) this.#log.warn("Connection is not encrypted");
    else this.#log.info(`Connection is encrypted using ${encryption.own.path}`);
    this.#dial();
    this.#greet();
    this.#log.info("Waiting for the master to reply");
    this.#timer = setInterval(() => this.#tick(), 100);
  }
  get connected() {
    return this.#session !== void 0;
  }
  /** Version of the protocol of the last session. */
  get protocol() {
    return this.#protocol;
  }
  /** False when there is no session or too much waits: send it again later. */
  send(report2) {
    if (this.#session === void 0) return false;
    return this.#controlQueue?.push(encode({ ...report2, session: this.#session })) ?? false;
  }
  /** Sends records, or with `count` 0 and no bytes the question for the server's number of them. False as for `send`. */
  sendLog(message, records) {
    if (this.#session === void 0) return false;
    const log = { type: "LOG", session: this.#session, job: message.job, fence: message.fence, index: message.index, count: message.count };
    return this.#logQueue?.push(encode(log, records)) ?? false;
  }
  /** Says goodbye and closes. */
  async close() {
    if (this.#closed) return;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    if (this.#session !== void 0 && this.#controlQueue?.push(encode({ type: "BYE", session: this.#session }))) await sleep(50);
    this.#closed = true;
    this.#session = void 0;
    this.#hangUp();
  }
  #dial() {
    this.#hangUp();
    this.#reached = false;
    const { encryption, ipv6 = false } = this.#options;
    const curve = "plain" in encryption ? {} : {
      curveServerKey: encryption.master.publicKey,
      curvePublicKey: encryption.own.publicKey,
      curveSecretKey: encryption.own.secretKey
    };
    const { master, logger } = this.#servers[this.#at];
    const common = { ...socketOptions, ...this.#hasOthers && withOtherServers, context: this.#context, ipv6, connectTimeout: 1e4, reconnectInterval: 200, reconnectMaxInterval: 3e3, ...curve };
    const control = new Dealer({ ...common, sendHighWaterMark: 100 });
    const logs = new Dealer({ ...common, sendHighWaterMark: 16 });
    this.#control = control;
    this.#logs = logs;
    this.#controlQueue = new SendQueue(control, mostWaiting);
    this.#logQueue = new SendQueue(logs, mostWaiting);
    for (const socket of [control, logs]) {
      socket.events.on("handshake:error:auth", () => this.#refusedHandshake(socket, "the server does not admit this certificate; copy its .key file into the certificates.d of the server"));
      socket.events.on("handshake:error:protocol", () => this.#refusedHandshake(socket, "the handshake failed; is the other side a LAVA master with the certificate that this worker expects, and is encryption on or off on both sides?"));
      socket.events.on("handshake", () => {
        if (socket === this.#control || socket === this.#logs) this.#reconnected();
      });
      if (this.#hasOthers) socket.events.on("disconnect", () => {
        if (socket === this.#control || socket === this.#logs) this.#broke ??= monotonicMs();
      });
    }
    control.connect(master);
    logs.connect(logger);
    const broken2 = (error) => this.#log.error(`The link stopped reading: ${messageOf(error)}`);
    this.#readControl(control).catch(broken2);
    this.#readLogs(logs).catch(broken2);
  }
  #hangUp() {
    this.#controlQueue?.close();
    this.#logQueue?.close();
    for (const socket of [this.#control, this.#logs]) if (socket && !socket.closed) socket.close();
    this.#control = void 0;
    this.#logs = void 0;
  }
  #refusedHandshake(socket, why) {
    if (this.#closed || socket !== this.#control && socket !== this.#logs) return;
    this.#quiet.warn(why, `Connection refused: ${why}`);
    this.#session = void 0;
    this.#again(true);
  }
  get #hasOthers() {
    return this.#servers.length > 1;
  }
  /** Dials the next server, as the one there was is silent. */
  #tryNext() {
    this.#session = void 0;
    this.#broke = void 0;
    this.#at = (this.#at + 1) % this.#servers.length;
    if (this.#hasOthers) this.#log.debug(`Trying the master at ${this.#servers[this.#at].master}`);
    this.#dial();
    this.#greet();
  }
  #reconnected() {
    this.#broke = void 0;
    this.#reached = true;
    if (this.#session === void 0) return;
    this.#ping();
    this.#options.handlers.onSession();
  }
  /** Greets after a pause that grows from 1 s with each call until a session begins. */
  #again(redial) {
    clearTimeout(this.#retry);
    this.#pause = Math.min(longestPause, this.#pause * 2 || 1e3);
    this.#greeted = monotonicMs() + this.#pause;
    this.#retry = setTimeout(() => {
      if (redial) this.#tryNext();
      else this.#greet();
    }, this.#pause);
  }
  #greet(challenge) {
    const { hostname, version: version2, capabilities } = this.#options;
    const hello = { type: "HELLO", protocol: oldestProtocol, newest: protocolVersion, version: version2, hostname, capabilities, instance: this.instance };
    this.#greeted = monotonicMs();
    if (challenge !== void 0 && this.#secret) {
      this.#controlQueue?.push(encode({ ...hello, challenge, proof: proveClaim(this.#secret, { challenge, hostname, instance: this.instance }) }));
      return;
    }
    this.#log.debug("Greeting the master => 'HELLO'");
    this.#controlQueue?.push(encode(hello));
  }
  #tick() {
    const now = monotonicMs();
    if (this.#session === void 0) {
      if (now - this.#greeted < (this.#hasOthers && !this.#reached ? reach : this.#options.answer ?? 5e3)) return;
      this.#unanswered++;
      if (this.#unanswered === this.#servers.length) this.#quiet.warn("unanswered", `No answer from the master at ${this.#options.master}; trying on. Is it running${"plain" in this.#options.encryption ? "" : `, and is ${this.#options.encryption.master.path} its certificate`}?`);
      if (this.#hasOthers || this.#unanswered % 2 === 0) this.#tryNext();
      else this.#greet();
      return;
    }
    if (this.#broke !== void 0 && now - this.#broke > comeBack) {
      this.#log.warn("The connection with the master broke");
      this.#tryNext();
    } else if (now - this.#heard > 4 * this.#interval * 1e3) {
      this.#log.error("Master goes OFFLINE");
      this.#offline = true;
      this.#tryNext();
    } else if (now - this.#pinged >= this.#interval * 1e3) {
      this.#log.debug(`PING => master (last message ${Math.round((now - this.#heard) / 1e3)}s ago)`);
      this.#ping();
    }
  }
  #ping() {
    if (this.#session === void 0) return;
    this.#pinged = monotonicMs();
    this.#controlQueue?.push(encode({ type: "PING", session: this.#session, attempts: this.#options.handlers.attempts() }));
  }
  async #readControl(socket) {
    for await (const frames of socket) {
      if (socket !== this.#control) return;
      this.#heard = monotonicMs();
      try {
        this.#handle(decode(frames, serverMessages));
      } catch (error) {
        this.#quiet.warn("control", `Message of the master dropped: ${messageOf(error)}`);
      }
    }
  }
  #handle(message) {
    switch (message.type) {
      case "CHALLENGE":
        if (this.#session === void 0) this.#greet(message.challenge);
        break;
      case "HELLO_OK":
        this.#established(message);
        break;
      case "REFUSED":
        this.#refused(message.reason, message.retry);
        break;
      case "GREET":
        this.#lost(message.session);
        break;
      case "PROBE":
        this.#ping();
        break;
      case "PONG":
        this.#interval = message.interval;
        this.#log.debug(`master => PONG(${message.interval})`);
        break;
      default:
        this.#options.handlers.onOrder(message);
    }
  }
  #established(message) {
    this.#session = message.session;
    this.#protocol = message.protocol;
    this.#interval = message.interval;
    this.#pinged = this.#heard;
    this.#unanswered = 0;
    this.#pause = 0;
    clearTimeout(this.#retry);
    this.#log.debug("The master replied: ['HELLO_OK']");
    this.#log.info("Connection with the master established");
    if (this.#offline) this.#log.info("Master is ONLINE");
    this.#offline = false;
    this.#ping();
    this.#options.handlers.onSession();
  }
  #refused(reason, retry) {
    this.#session = void 0;
    this.#quiet.warn(`refused ${reason}`, `The master refused this worker: ${reason}`);
    if (retry) {
      this.#again(false);
    } else {
      clearInterval(this.#timer);
      clearTimeout(this.#retry);
    }
    this.#options.handlers.onRefused?.(reason, retry);
  }
  /** The server does not know this session (any more): it was restarted, or heard nothing for too long. */
  #lost(session) {
    if (session !== this.#session) return;
    this.#session = void 0;
    this.#greet();
  }
  async #readLogs(socket) {
    for await (const frames of socket) {
      if (socket !== this.#logs) return;
      this.#heard = monotonicMs();
      try {
        const reply = decode(frames, logReplies);
        if (reply.type === "GREET") this.#lost(reply.session);
        else this.#options.handlers.onLogReply(reply);
      } catch (error) {
        this.#quiet.warn("log", `Log message of the master dropped: ${messageOf(error)}`);
      }
    }
  }
};

// packages/link/src/settings-file.ts
import { readFile as readFile8 } from "node:fs/promises";
async function readSettingsFile(path) {
  let text;
  try {
    text = await readFile8(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw new ConfigurationError(`cannot read ${path}: ${messageOf(error)}`, { code: "settings-unreadable" });
  }
  const settings = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(?:"([^"]*)"|'([^']*)'|([^\s"'#]*))\s*(?:#.*)?$/.exec(line);
    if (!match?.[1]) {
      throw new ConfigurationError(`${path}, line ${index + 1}: expected NAME="value"`, { code: "settings-line", at: { file: path, line: index + 1, column: 1 } });
    }
    settings[match[1]] = match[2] ?? match[3] ?? match[4] ?? "";
  }
  return settings;
}
function optionValue(setting, option) {
  const text = setting?.trim() ?? "";
  const value = text.startsWith(option) ? text.slice(option.length).replace(/^[\s=]+/, "") : text;
  return value === "" ? void 0 : value;
}

// packages/link/src/enrolment.ts
import { createHash as createHash2, createHmac as createHmac2, randomBytes as randomBytes3, timingSafeEqual as timingSafeEqual2 } from "node:crypto";
import { rename as rename4, rm as rm5, writeFile as writeFile4 } from "node:fs/promises";
import { join as join10 } from "node:path";
var enrolmentPath = "/api/v1/enrolment";
function enrolmentKey(code, hostname) {
  const plain = code.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return createHash2("sha256").update(JSON.stringify(["lava-enrolment", hostname, plain])).digest("hex");
}
function signRequest(key, { hostname, public_key }) {
  return sign(key, ["worker", hostname, public_key]);
}
function signAnswer(key, request, { master_key, control_port, log_port }) {
  return sign(key, ["server", request.hostname, request.public_key, master_key, control_port, log_port]);
}
function sign(key, parts) {
  return createHmac2("sha256", key).update(JSON.stringify(parts)).digest("hex");
}
function sameProof(expected, given) {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual2(a, b);
}
function isPublicKey(text) {
  if (!/^[^\s"\\]{40}$/.test(text)) return false;
  try {
    return parseCertificate(formatCertificate({ publicKey: text }), "").publicKey === text;
  } catch {
    return false;
  }
}
async function replacePublicCertificate(directory, name, publicKey) {
  const temporary = join10(directory, `.${name}.key.${process.pid}`);
  try {
    await writeFile4(temporary, formatCertificate({ publicKey }), { mode: 420 });
    await rename4(temporary, join10(directory, `${name}.key`));
  } finally {
    await rm5(temporary, { force: true });
  }
}

// packages/worker/src/settings.ts
var usage = (program) => `usage: ${program} [options]
       ${program} enroll --url URL --hostname NAME --code CODE   joins a server: see ${program} enroll --help
       ${program} cache [--clear]   what is kept of downloads: see ${program} cache --help

Connects to a LAVA server, runs its jobs on the devices beside this machine and reports.

  --master URL           control socket of the server, or of several with commas between (MASTER_URL; tcp://localhost:5556)
  --socket-addr URL      log socket of the server, likewise in the same order (LOGGER_URL; tcp://localhost:5555)
  --hostname NAME        name of this worker on the server (HOSTNAME; the full name of this machine)
  --encrypt              encrypt and authenticate: the default (ENCRYPT="--encrypt")
  --no-encrypt           plain connection, to this machine only (ENCRYPT="--no-encrypt")
  --allow-plain-network  with --no-encrypt: to other machines too, which anybody on the way can read and take over
  --master-cert FILE     public certificate of the server (MASTER_CERT; certificates.d/master.key)
  --slave-cert FILE      secret certificate of this worker (SLAVE_CERT; certificates.d/NAME.key_secret, then slave.key_secret)
  --ipv6                 use IPv6 (IPV6="--ipv6")
  --level LEVEL, -l      DEBUG, INFO, WARN or ERROR (LOGLEVEL; INFO)
  --log-file FILE        - is standard output (LOG_FILE; /var/log/lava-dispatcher/${program}.log)
  --log-format FORMAT    text, or json for one object a line (LOG_FORMAT; text)
  --worker-dir DIR       state of the jobs; also --slave-dir (WORKER_DIR; /var/lib/lava/dispatcher/worker)
  --cache-size SIZE      most that downloads kept for later jobs may take, as 20G or 500M; 0 keeps none (CACHE_SIZE; 50G, but at
                         most a fifth of the disk)
  --root DIR             folder that stands for / in all the paths above (LAVA_ROOT)
  --version, --help, -h

The names in parentheses are settings in /etc/lava-dispatcher/lava-slave and, with LAVA_ before them, environment variables.
`;
var options = {
  master: { type: "string" },
  "socket-addr": { type: "string" },
  hostname: { type: "string" },
  encrypt: { type: "boolean" },
  "no-encrypt": { type: "boolean" },
  "allow-plain-network": { type: "boolean" },
  "master-cert": { type: "string" },
  "slave-cert": { type: "string" },
  ipv6: { type: "boolean" },
  level: { type: "string", short: "l" },
  "log-file": { type: "string" },
  "log-format": { type: "string" },
  "worker-dir": { type: "string" },
  "slave-dir": { type: "string" },
  "cache-size": { type: "string" },
  root: { type: "string" },
  "lava-run": { type: "string" },
  debug: { type: "boolean" },
  version: { type: "boolean" },
  help: { type: "boolean", short: "h" }
};
async function readSettings(program, args, env) {
  let given;
  try {
    given = parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new ConfigurationError(messageOf(error), { code: "option", hint: `See ${program} --help.` });
  }
  if (given.help) return { ask: "help" };
  if (given.version) return { ask: "version" };
  const paths = lavaPaths(resolve3(given.root ?? (env["LAVA_ROOT"] || "/")));
  const file = await readSettingsFile(join11(paths.workerConfig, "lava-slave"));
  const setting = (name, option) => optionValue(env[`LAVA_${name}`], option) ?? optionValue(file[name], option);
  const encryptSetting = (env["LAVA_ENCRYPT"] ?? file["ENCRYPT"] ?? "").trim();
  if (!["", "--encrypt", "--no-encrypt", "yes", "no", "1", "0", "true", "false"].includes(encryptSetting)) {
    throw new ConfigurationError(`ENCRYPT is "${encryptSetting}"`, { code: "setting-encrypt", hint: 'Write ENCRYPT="--encrypt" or ENCRYPT="--no-encrypt".' });
  }
  const level = given.debug ? "DEBUG" : given.level ?? setting("LOGLEVEL", "--level") ?? "INFO";
  const known = parseDaemonLevel(level);
  if (!known) throw new ConfigurationError(`there is no log level "${level}"`, { code: "setting-level", hint: "Use DEBUG, INFO, WARN or ERROR." });
  const hostname = given.hostname ?? setting("HOSTNAME", "--hostname") ?? await fullName();
  if (!/^[-_a-zA-Z0-9.]{1,255}$/.test(hostname)) {
    throw new ConfigurationError(`"${hostname}" cannot name a worker`, { code: "setting-hostname", hint: "Use letters, digits, dots, dashes and underscores with --hostname." });
  }
  const cacheSize = given["cache-size"] ?? setting("CACHE_SIZE", "--cache-size");
  parseCacheSize(cacheSize);
  return {
    master: given.master ?? setting("MASTER_URL", "--master") ?? "tcp://localhost:5556",
    logger: given["socket-addr"] ?? setting("LOGGER_URL", "--socket-addr") ?? "tcp://localhost:5555",
    hostname,
    encrypt: given["no-encrypt"] ? false : given.encrypt ? true : !["--no-encrypt", "no", "0", "false"].includes(encryptSetting),
    allowPlainNetwork: given["allow-plain-network"] ?? false,
    masterCert: given["master-cert"] ?? setting("MASTER_CERT", "--master-cert"),
    slaveCert: given["slave-cert"] ?? setting("SLAVE_CERT", "--slave-cert"),
    ipv6: given.ipv6 ?? setting("IPV6", "--none") !== void 0,
    level: known,
    logFile: given["log-file"] ?? setting("LOG_FILE", "--log-file") ?? join11(paths.workerLogs, `${program}.log`),
    logFormat: daemonLogFormat(given["log-format"] ?? setting("LOG_FORMAT", "--log-format")),
    workerDir: resolve3(given["worker-dir"] ?? given["slave-dir"] ?? setting("WORKER_DIR", "--worker-dir") ?? join11(paths.workerState, "worker")),
    cacheSize,
    paths,
    lavaRun: given["lava-run"]
  };
}
async function fullName() {
  try {
    const { stdout } = await promisify(execFile)("hostname", ["-f"], { timeout: 2e3 });
    return stdout.trim() || shortName();
  } catch {
    return shortName();
  }
}

// packages/worker/src/cache-command.ts
var usage2 = `usage: lava-worker cache [--clear] [--cache-size SIZE] [--root DIR]

Shows the downloads that this worker keeps for its jobs, those used last at the end. With --clear they are removed, but for
those that a job uses; jobs may run meanwhile.
`;
async function cacheMain(args, env) {
  let given;
  try {
    given = parseArgs2({ args: [...args], strict: true, options: { clear: { type: "boolean" }, "cache-size": { type: "string" }, root: { type: "string" }, help: { type: "boolean", short: "h" } } }).values;
  } catch (error) {
    throw new ConfigurationError(messageOf(error), { code: "option", hint: "See lava-worker cache --help." });
  }
  if (given.help) return say(usage2);
  const passed = ["root", "cache-size"].flatMap((name) => given[name] === void 0 ? [] : [`--${name}`, given[name]]);
  const settings = await readSettings("lava-worker", passed, env);
  if ("ask" in settings) return 0;
  const folder = cacheFolder(settings.paths);
  if (!existsSync3(folder)) return say(`${folder}: nothing is kept yet
`);
  if (given.clear) return say(`${folder}: ${inUnits(await clear(folder))} removed, ${inUnits(sum(await holdings(folder)))} in use
`);
  return say(await report(folder, await cacheLimit(folder, settings.cacheSize)));
}
function say(text) {
  process.stdout.write(text);
  return 0;
}
var sum = (all) => all.reduce((total, { bytes }) => total + bytes, 0);
async function report(folder, limit) {
  const all = await holdings(folder);
  const addresses = /* @__PURE__ */ new Map();
  for (const { file, address } of await entriesOf(folder)) addresses.set(file, (addresses.get(file) ?? /* @__PURE__ */ new Set()).add(address));
  const files = all.filter(({ kind }) => kind === "file");
  const rows = files.map(({ name, bytes, used, inUse }) => [
    inUnits(bytes).padStart(10),
    new Date(used).toISOString().slice(0, 16).replace("T", " "),
    inUse ? "in use" : "      ",
    name.slice(name.indexOf(".") + 1).padEnd(4),
    [...addresses.get(name) ?? []].join(" ")
  ].join("  "));
  const parts = all.filter(({ kind }) => kind === "part");
  const head = `${folder}: ${inUnits(sum(all))} of ${limit === 0 ? "none, as CACHE_SIZE is 0" : inUnits(limit)}, ${files.length} files${parts.length === 0 ? "" : `, ${inUnits(sum(parts))} of unfinished downloads`}`;
  return [head, ...rows.length === 0 ? [] : [`${"on disk".padStart(10)}  last used (UTC)           form  from`, ...rows], ""].join("\n");
}
function inUnits(bytes) {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  return `${(bytes / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
}

// packages/worker/src/daemon.ts
import { join as join16 } from "node:path";

// packages/worker/src/capabilities.ts
import { accessSync, constants, readdirSync as readdirSync2 } from "node:fs";
import { delimiter, join as join12 } from "node:path";
var optional2 = /* @__PURE__ */ new Set([
  "adb",
  "bmaptool",
  "debugfs",
  "dfu-util",
  "docker",
  "fastboot",
  "git",
  "ipmitool",
  "lxc-create",
  "mke2fs",
  "nbd-server",
  "rclone",
  "sispmctl",
  "snmpset",
  "ssh",
  "tar",
  "telnet",
  "uuu",
  "xz",
  "zstd"
]);
function probeCapabilities(path = process.env["PATH"] ?? "") {
  const found = /* @__PURE__ */ new Set();
  for (const dir of new Set(path.split(delimiter).filter((d) => d !== "").concat("/usr/sbin", "/sbin"))) {
    let names = [];
    try {
      names = readdirSync2(dir);
    } catch {
      continue;
    }
    for (const name of names) {
      const capability = name.startsWith("qemu-system-") ? name.replace("-system", "") : name === "in.tftpd" ? "tftp" : optional2.has(name) ? name : void 0;
      if (capability === void 0 || found.has(capability)) continue;
      try {
        accessSync(join12(dir, name), constants.X_OK);
        found.add(capability);
      } catch {
      }
    }
  }
  return [...found].sort();
}

// packages/worker/src/encryption.ts
import { existsSync as existsSync4 } from "node:fs";
import { join as join13 } from "node:path";
async function workerEncryption(settings) {
  if (!settings.encrypt) return { plain: settings.allowPlainNetwork ? "anywhere" : "loopback" };
  const dir = settings.paths.certificates;
  const named = join13(dir, `${settings.hostname}.key_secret`);
  const classic = join13(dir, "slave.key_secret");
  const ownPath = settings.slaveCert ?? (existsSync4(named) || !existsSync4(classic) ? named : classic);
  const masterPath = settings.masterCert ?? join13(dir, "master.key");
  const toDirectory = settings.paths.root === "/" ? "" : ` --directory ${dir}`;
  const own2 = await readSecretCertificate(ownPath).catch((error) => {
    throw missing(error, `Run "lava-server manage workers enroll ${settings.hostname}" on the server, and here the command that it prints. Or by hand: create_certificate ${settings.hostname}${toDirectory}. Then copy ${join13(dir, `${settings.hostname}.key`)} into /etc/lava-dispatcher/certificates.d of the server.`);
  });
  const master = await readCertificate(masterPath).catch((error) => {
    throw missing(error, `Copy master.key from /etc/lava-dispatcher/certificates.d of the server to ${masterPath}. If the server has none, run there: lava-server certificate master.`);
  });
  return { own: own2, master };
}
function missing(error, hint) {
  return error instanceof LavaError && error.code === "certificate-missing" ? new ConfigurationError(error.message, { code: error.code, hint, cause: error }) : error;
}

// packages/worker/src/state-lock.ts
import { mkdir as mkdir4, readFile as readFile10, rm as rm6, writeFile as writeFile5 } from "node:fs/promises";
import { join as join14 } from "node:path";

// packages/worker/src/process-identity.ts
import { readFileSync as readFileSync2, readdirSync as readdirSync3 } from "node:fs";
import { readFile as readFile9 } from "node:fs/promises";
var bootId = () => readFileSync2("/proc/sys/kernel/random/boot_id", "latin1").trim();
function isThisBoot(identity) {
  return identity.boot === bootId();
}
function identify(pid) {
  try {
    const stat3 = readFileSync2(`/proc/${pid}/stat`, "latin1");
    const fields = stat3.slice(stat3.lastIndexOf(")") + 2).split(" ");
    const started = fields[19];
    if (started === void 0 || fields[0] === "Z" || fields[0] === "X") return void 0;
    return { pid, started, boot: bootId() };
  } catch {
    return void 0;
  }
}
function isAlive(identity) {
  const now = identify(identity.pid);
  return now !== void 0 && now.started === identity.started && now.boot === identity.boot;
}
function signalProcess(identity, signal2) {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal2);
  } catch {
    return false;
  }
}
async function processesWith(name, fits) {
  const mark2 = `\0${name}=`;
  const found = [];
  for (const entry of readdirSync3("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const environment = `\0${await readFile9(`/proc/${pid}/environ`, "utf8").catch(() => "")}`;
    const at = environment.indexOf(mark2);
    if (at < 0 || !fits(environment.slice(at + mark2.length).split("\0", 1)[0])) continue;
    const identity = identify(pid);
    if (identity) found.push(identity);
  }
  return found;
}

// packages/worker/src/state-lock.ts
async function lockState(folder) {
  const path = join14(folder, "daemon.json");
  await mkdir4(folder, { recursive: true, mode: 448 });
  const self = identify(process.pid);
  if (!self) throw new LavaBug("this process is not in /proc", { code: "no-proc" });
  for (let attempt2 = 0; ; attempt2++) {
    try {
      await writeFile5(path, `${JSON.stringify(self)}
`, { flag: "wx", mode: 384 });
      return () => rm6(path, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST" || attempt2 === 3) throw error;
    }
    const holder = await readHolder(path);
    if (holder && isAlive(holder)) {
      throw new ConfigurationError(`another worker, process ${holder.pid}, uses ${folder}`, {
        code: "state-in-use",
        hint: "Stop that one, or give this one another --worker-dir."
      });
    }
    await rm6(path, { force: true });
  }
}
async function readHolder(path) {
  try {
    return JSON.parse(await readFile10(path, "utf8"));
  } catch {
    return void 0;
  }
}

// packages/worker/src/attempt.ts
import { watch as watch2 } from "node:fs";
import { uptime as uptime2 } from "node:os";

// packages/worker/src/attempt-folder.ts
import { mkdir as mkdir5, readdir as readdir3, readFile as readFile11, rename as rename5, rm as rm7, writeFile as writeFile6 } from "node:fs/promises";
import { uptime } from "node:os";
import { join as join15 } from "node:path";
var attemptKey = ({ job, fence }) => `${job}-${fence}`;
var AttemptFolder = class {
  path;
  ref;
  constructor(attempts, ref) {
    this.ref = ref;
    this.path = join15(attempts, attemptKey(ref));
  }
  file(name) {
    return join15(this.path, name);
  }
  /** Makes the folder with its input files, whole or not at all. Only the daemon's user may look: files hold secrets. */
  async create(files) {
    const fresh = `${this.path}.new`;
    await rm7(fresh, { recursive: true, force: true });
    try {
      await mkdir5(fresh, { recursive: true, mode: 448 });
      for (const [name, text] of Object.entries(files)) await writeFile6(join15(fresh, name), text, { mode: 384 });
      await writeFile6(join15(fresh, "process.json"), "{}\n", { mode: 384 });
      await rename5(fresh, this.path);
    } catch (error) {
      await rm7(fresh, { recursive: true, force: true }).catch(() => void 0);
      throw error;
    }
  }
  async remove() {
    await rm7(this.path, { recursive: true, force: true });
  }
  /** Text of a file, at most `limit` bytes of its end; empty when it is missing. */
  async read(name, limit = 4 << 20) {
    const bytes = await readFile11(this.file(name)).catch(() => Buffer.alloc(0));
    return bytes.subarray(Math.max(0, bytes.length - limit)).toString("utf8");
  }
  async writeJson(name, value) {
    const fresh = `${this.file(name)}.new`;
    await writeFile6(fresh, `${JSON.stringify(value)}
`, { mode: 384 });
    await rename5(fresh, this.file(name));
  }
  /** The process of the attempt, when it was noted down. */
  async process() {
    const { pid, started, boot } = parseJson(await this.read("process.json"));
    return typeof pid === "number" && typeof started === "string" && typeof boot === "string" ? { pid, started, boot } : void 0;
  }
  /** When the attempt was canceled: seconds since this machine came up. What an older daemon noted counts as just now. */
  async canceledAt() {
    const text = await this.read("canceled.json");
    const { uptime: at } = parseJson(text);
    return typeof at === "number" ? at : text === "" ? void 0 : uptime();
  }
};
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
async function findAttempts(attempts) {
  await mkdir5(attempts, { recursive: true, mode: 448 });
  const found = [];
  for (const name of await readdir3(attempts)) {
    const match = /^(\d+)-(\d+)(\.new)?$/.exec(name);
    if (!match) continue;
    if (match[3]) await rm7(join15(attempts, name), { recursive: true, force: true });
    else found.push(new AttemptFolder(attempts, { job: Number(match[1]), fence: Number(match[2]) }));
  }
  return found;
}

// packages/worker/src/attempt-end.ts
var longestErrors = 16 * 1024;
var longestDescription = 4 << 20;
async function readEnd(folder) {
  const result = await readMapping2(folder, "result.yaml");
  const passed = result["result"] === "pass";
  const text = (value) => typeof value === "string" ? value : "";
  return {
    result: passed ? "pass" : "fail",
    errorType: passed ? "" : text(result["error_type"]) || "Bug",
    errorMessage: text(result["error_msg"]).slice(0, longestErrors),
    errors: await folder.read("stderr", longestErrors),
    description: await folder.read("description.yaml", longestDescription)
  };
}
async function hasResult(folder) {
  return "result" in await readMapping2(folder, "result.yaml");
}
async function finalizeTimeout(folder) {
  const find = (value, depth) => {
    if (typeof value !== "object" || value === null || depth > 8) return 0;
    const { name, timeout } = value;
    if (name === "finalize" && typeof timeout === "number") return timeout;
    return Math.max(0, ...Object.values(value).map((v) => find(v, depth + 1)));
  };
  return find(await readMapping2(folder, "description.yaml"), 0);
}
async function readMapping2(folder, name) {
  try {
    const value = loadYaml(await folder.read(name, longestDescription));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

// packages/worker/src/call-relay.ts
import { appendFile as appendFile2, readFile as readFile12 } from "node:fs/promises";

// packages/worker/src/journal.ts
import { open as open5 } from "node:fs/promises";
var journalStart = { line: 0, offset: 0 };
var lineFeed = 10;
var longestRecord2 = 8 << 20;
var Journal2 = class {
  path;
  #file;
  constructor(path) {
    this.path = path;
  }
  /** Whole records from `from` on, about `limit` bytes but at least one record; undefined when there is none (yet). */
  async read(from, limit) {
    const file = await this.#open();
    if (!file) return void 0;
    for (let size = limit; size <= longestRecord2; size *= 2) {
      const buffer = Buffer.allocUnsafe(size);
      const { bytesRead } = await file.read(buffer, 0, size, from.offset);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(lineFeed) + 1;
      if (end > 0) {
        const bytes = buffer.subarray(0, end);
        return { from, to: { line: from.line + countLines(bytes), offset: from.offset + end }, bytes };
      }
      if (bytesRead < size) return void 0;
    }
    throw new Error(`${this.path}: record ${from.line} is longer than ${longestRecord2} bytes`);
  }
  /** Place of record number `line`, or of the end when there are fewer; searched from `near` when that is not behind it. */
  async place(line, near = journalStart) {
    let at = near.line <= line ? near : journalStart;
    while (at.line < line) {
      const piece = await this.read(at, 1 << 18);
      if (!piece) return at;
      if (piece.to.line <= line) {
        at = piece.to;
        continue;
      }
      let offset = 0;
      for (let n = at.line; n < line; n++) offset = piece.bytes.indexOf(lineFeed, offset) + 1;
      at = { line, offset: at.offset + offset };
    }
    return at;
  }
  /** Cuts the journal off at `at` and appends a record so many times. Only when nobody else writes. */
  async fill(at, count, record) {
    const file = await open5(this.path, "a+", 384);
    try {
      await file.truncate(at.offset);
      await file.appendFile(record.repeat(count));
    } finally {
      await file.close();
    }
  }
  async close() {
    const file = this.#file;
    this.#file = void 0;
    await file?.close();
  }
  async #open() {
    if (this.#file) return this.#file;
    try {
      this.#file = await open5(this.path, "r");
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
    return this.#file;
  }
};
function countLines(bytes) {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) count++;
  return count;
}

// packages/worker/src/call-relay.ts
var patience = 1e4;
var CallRelay = class {
  #options;
  #calls;
  #read = journalStart;
  /** Numbers of the calls that have been answered; known when the file of answers has been read. */
  #answered;
  #open = /* @__PURE__ */ new Map();
  #working = Promise.resolve();
  constructor(options2) {
    this.#options = options2;
    this.#calls = new Journal2(options2.calls);
  }
  /** There may be new calls. */
  wake() {
    this.#then(async () => {
      this.#answered ??= new Set((await readFile12(this.#options.answers, "utf8").catch(() => "")).split("\n").flatMap((line) => numbered(line)?.call ?? []));
      for (let piece = await this.#calls.read(this.#read, 1 << 16); piece; piece = await this.#calls.read(this.#read, 1 << 16)) {
        this.#read = piece.to;
        for (const line of piece.bytes.toString("utf8").split("\n")) {
          const { call, request } = numbered(line) ?? {};
          if (call !== void 0 && request !== void 0 && !this.#answered.has(call)) this.#open.set(call, { request, sentAt: 0 });
        }
      }
      this.#sendDue();
    });
  }
  /** A session began. */
  onSession() {
    this.#then(async () => {
      for (const entry of this.#open.values()) entry.sentAt = 0;
    });
    this.wake();
  }
  onAnswer(call, answer) {
    this.#then(async () => {
      if (!this.#open.has(call)) return;
      await appendFile2(this.#options.answers, `${JSON.stringify({ call, answer })}
`, { mode: 384 });
      this.#open.delete(call);
      this.#answered?.add(call);
    });
  }
  async stop() {
    await this.#working;
    await this.#calls.close();
  }
  #sendDue() {
    const now = monotonicMs();
    for (const [call, entry] of this.#open) {
      if (entry.sentAt > 0 && now - entry.sentAt < patience) continue;
      if (!this.#options.send(call, entry.request)) return;
      entry.sentAt = now;
    }
  }
  #then(work) {
    this.#working = this.#working.then(work).catch((error) => this.#options.failed(messageOf(error)));
  }
};
function numbered(line) {
  try {
    const { call, request } = JSON.parse(line);
    return Number.isSafeInteger(call) ? { call, ...typeof request === "object" && request !== null && { request } } : void 0;
  } catch {
    return void 0;
  }
}

// packages/worker/src/run-process.ts
import { spawn as spawn3 } from "node:child_process";
import { once as once2 } from "node:events";
import { existsSync as existsSync5 } from "node:fs";
import { access, open as open6 } from "node:fs/promises";
import { dirname as dirname2 } from "node:path";

// packages/worker/src/environment.ts
var own = /^LAVA_(?!ROOT$)/;
function runEnvironment(envYaml, base) {
  const rules = parse2(envYaml);
  const result = {};
  if (rules["purge"] !== true) {
    for (const [name, value] of Object.entries(base)) if (value !== void 0 && !own.test(name)) result[name] = value;
  }
  const removes = rules["removes"] ?? [];
  if (!Array.isArray(removes)) throw broken('"removes" must be a list of names');
  for (const name of removes) delete result[String(name)];
  const overrides = rules["overrides"] ?? {};
  if (typeof overrides !== "object" || Array.isArray(overrides)) throw broken('"overrides" must map names to values');
  for (const [name, value] of Object.entries(overrides)) {
    if (name.includes("=") || name.includes("\0") || String(value).includes("\0")) throw broken(`"${name}" cannot be a variable`);
    result[name] = String(value);
  }
  return result;
}
var broken = (what) => new ConfigurationError(`env.yaml of this worker: ${what}`, {
  code: "env-yaml",
  hint: "Correct env.yaml in /etc/lava-server on the server."
});
function parse2(text) {
  let rules;
  try {
    rules = loadYaml(text, { file: "env.yaml" });
  } catch (error) {
    throw broken(messageOf(error));
  }
  if (rules === null || rules === void 0) return {};
  if (typeof rules !== "object" || Array.isArray(rules)) throw broken("it must be a mapping");
  return rules;
}

// packages/worker/src/run-process.ts
var mark = "LAVA_ATTEMPT";
async function startRun(folder, options2) {
  await access(options2.program).catch((error) => {
    throw new InfrastructureError(`there is no ${options2.program} on this worker`, { code: "lava-run-missing", hint: "Install the worker again.", cause: error });
  });
  const environment = runEnvironment(await folder.read("env.yaml"), process.env);
  const given = async (name, option) => (await folder.read(name)).trim() === "" ? [] : [option, folder.file(name)];
  const stdout = await open6(folder.file("stdout"), "a", 384);
  const stderr = await open6(folder.file("stderr"), "a", 384);
  try {
    const child = spawn3(process.execPath, [
      options2.program,
      "--job-id",
      String(folder.ref.job),
      "--output-dir",
      folder.path,
      "--device",
      folder.file("device.yaml"),
      ...await given("dispatcher.yaml", "--dispatcher"),
      ...await given("env-dut.yaml", "--env-dut"),
      folder.file("job.yaml")
    ], { detached: true, cwd: folder.path, stdio: ["ignore", stdout.fd, stderr.fd], env: { ...environment, LAVA_ROOT: options2.root, ...options2.cacheSize !== void 0 && { LAVA_CACHE_SIZE: options2.cacheSize }, [mark]: folder.path } });
    const exited = new Promise((resolve5) => {
      child.once("exit", () => resolve5());
    });
    await Promise.race([once2(child, "spawn"), once2(child, "error").then(([error]) => {
      throw error;
    })]);
    child.unref();
    const identity = child.pid === void 0 ? void 0 : identify(child.pid);
    return { process: identity ?? { pid: child.pid ?? 0, started: "0", boot: "" }, exited };
  } catch (error) {
    throw new InfrastructureError(`cannot start lava-run: ${error.message}`, { code: "lava-run-start", cause: error });
  } finally {
    await stdout.close();
    await stderr.close();
  }
}
async function findRun(folder) {
  const found = await processesWith(mark, (path) => path === folder.path);
  return found.sort((a, b) => Number(a.started) - Number(b.started))[0];
}
function killLeftovers(folder) {
  return killAll((path) => path === folder.path);
}
function killStrays(attempts) {
  return killAll((path) => dirname2(path) === attempts && !existsSync5(path));
}
async function killAll(ofAttempt) {
  let killed = 0;
  for (let round = 0; round < 20; round++) {
    const found = await processesWith(mark, ofAttempt);
    if (found.length === 0) break;
    for (const { pid } of found) {
      try {
        process.kill(pid, "SIGKILL");
        killed++;
      } catch {
      }
    }
    await new Promise((resolve5) => {
      setTimeout(resolve5, 50);
    });
  }
  return killed;
}

// packages/worker/src/shipper.ts
var batchBytes = 256 * 1024;
var windowBytes = 2 * 1024 * 1024;
var patience2 = 1e4;
var Shipper = class {
  #options;
  #acked = journalStart;
  #next = journalStart;
  #onTheWay = [];
  /** The server was asked, or must be asked, how many records it has. */
  #asking = "unsent";
  #progress = monotonicMs();
  #working;
  #again = false;
  #drained;
  #stopped = false;
  /** A reply that needs a look into the journal: the number of records in it. */
  #rewind;
  #serverHas;
  constructor(options2) {
    this.#options = options2;
  }
  /** Records that the server has on its disk, as far as known. */
  get acknowledged() {
    return this.#acked.line;
  }
  /** A new session or connection: what was on the way may be lost. */
  ask() {
    this.#asking = "unsent";
    this.wake();
  }
  /** The journal may have grown, or there is room to send. */
  wake() {
    if (this.#stopped) return;
    if (this.#working) {
      this.#again = true;
      return;
    }
    this.#working = this.#work().catch((error) => this.#options.failed(error)).finally(() => {
      this.#working = void 0;
    });
  }
  /** The server has `lines` records on its disk. */
  reply(lines) {
    this.#serverHas = lines;
    if (this.#asking !== "no") {
      if (this.#asking === "unsent") return;
      this.#rewind = lines;
    } else if (lines > this.#acked.line) {
      const index = this.#onTheWay.findIndex((place2) => place2.line === lines);
      const place = this.#onTheWay[index];
      if (place) {
        this.#acked = place;
        this.#onTheWay.splice(0, index + 1);
        this.#progress = monotonicMs();
      } else {
        this.#rewind = lines;
      }
    }
    this.wake();
  }
  /** How many records the server has and the nearest place here. Waits `ms` at most for it to say so, then it is 0. */
  async known(ms) {
    const end = monotonicMs() + ms;
    while (!this.#stopped && (this.#asking !== "no" || this.#serverHas === void 0) && monotonicMs() < end) await sleep(100);
    return { lines: this.#serverHas ?? 0, at: this.#acked };
  }
  /** Resolves when the server has everything that is in the journal now; call it when nobody writes any more. */
  drain() {
    return new Promise((resolve5) => {
      this.#drained = resolve5;
      this.wake();
    });
  }
  async stop() {
    this.#stopped = true;
    await this.#working;
  }
  async #work() {
    do {
      this.#again = false;
      if (this.#rewind !== void 0) {
        const lines = this.#rewind;
        this.#rewind = void 0;
        this.#acked = await this.#options.journal.place(lines, this.#acked);
        this.#next = this.#acked;
        this.#onTheWay = [];
        this.#asking = "no";
        this.#progress = monotonicMs();
      }
      if (this.#asking !== "no" || this.#onTheWay.length > 0 && monotonicMs() - this.#progress > patience2) {
        if (this.#asking !== "yes" || monotonicMs() - this.#progress > patience2) this.#question();
        continue;
      }
      while (!this.#stopped && this.#rewind === void 0 && await this.#shipOne()) ;
    } while (this.#again && !this.#stopped);
  }
  #question() {
    this.#progress = monotonicMs();
    this.#asking = this.#options.send(this.#acked.line, 0, new Uint8Array()) ? "yes" : "unsent";
  }
  /** Sends one batch; false when there is nothing to send or no room. */
  async #shipOne() {
    const waiting = this.#next.offset - this.#acked.offset;
    if (waiting >= windowBytes) return false;
    const piece = await this.#options.journal.read(this.#next, batchBytes);
    if (!piece) {
      if (waiting === 0) {
        this.#drained?.();
        this.#drained = void 0;
      }
      return false;
    }
    if (waiting > 0 && piece.bytes.length < batchBytes / 4) return false;
    if (this.#asking !== "no") return false;
    if (!this.#options.send(piece.from.line, piece.to.line - piece.from.line, piece.bytes)) {
      this.#asking = "unsent";
      return false;
    }
    if (this.#onTheWay.length === 0) this.#progress = monotonicMs();
    this.#next = piece.to;
    this.#onTheWay.push(piece.to);
    return true;
  }
};

// packages/worker/src/attempt.ts
var nobody = { pid: 0, started: "0", boot: "" };
var resendEnd = 5e3;
var Attempt = class {
  folder;
  key;
  #options;
  #journal;
  #shipper;
  #calls;
  #process;
  #device = "";
  #watcher;
  /** By `uptime()`: a clock that is set must not make an end come too early or too late. */
  #canceledAt;
  #signals = 0;
  #end;
  #endSent = 0;
  #closing;
  /** The server wants no records of this attempt any more. */
  #unwanted = false;
  constructor(folder, options2) {
    this.folder = folder;
    this.key = attemptKey(folder.ref);
    this.#options = options2;
    this.#journal = new Journal2(folder.file("logs.yaml"));
    this.#shipper = new Shipper({
      journal: this.#journal,
      send: (index, count, bytes) => options2.link.sendLog({ ...folder.ref, index, count }, bytes),
      failed: (error) => this.#say("error", `cannot read the journal: ${messageOf(error)}`)
    });
    this.#calls = new CallRelay({
      calls: folder.file("calls.jsonl"),
      answers: folder.file("answers.jsonl"),
      send: (call, request) => this.#sendCall(call, request),
      failed: (text) => this.#say("error", `cannot carry a call to the server or its answer back: ${text}`)
    });
  }
  /** A server from before calls would not answer: the job is told so at once. */
  #sendCall(call, request) {
    const { link: link2 } = this.#options;
    if (!link2.connected || link2.protocol >= callsSince) return link2.send({ type: "CALL", ...this.folder.ref, call, request });
    this.#calls.onAnswer(call, { response: "nack", reason: "the server is of an older version, which carries no calls between jobs: upgrade it" });
    return true;
  }
  get running() {
    return this.#process !== void 0 && this.#end === void 0 && this.#closing === void 0;
  }
  /** Does it still use that device? */
  uses(device) {
    return this.#end === void 0 && device !== "" && device === this.#device;
  }
  /** Starts `lava-run` in the folder that has been made. Throws when that is not possible; nothing runs then. */
  async start() {
    const { process: identity, exited } = await startRun(this.folder, this.#options);
    await this.folder.writeJson("process.json", identity).catch((error) => this.#say("error", `cannot note its process: ${messageOf(error)}`));
    this.#say("info", `RUNNING as process ${identity.pid}`);
    this.#process = identity;
    this.#device = deviceOf(await this.folder.read("device.yaml"));
    void exited.then(() => this.#close());
    this.#follow();
  }
  /** Takes over what an earlier daemon started. False: it was never started, and the folder can go. */
  async adopt() {
    this.#process = await this.folder.process();
    if (!this.#process) {
      this.#process = await findRun(this.folder);
      if (this.#process) await this.folder.writeJson("process.json", this.#process).catch((error) => this.#say("error", `cannot note its process: ${messageOf(error)}`));
      else if (await this.#journal.read({ line: 0, offset: 0 }, 1 << 16) === void 0) return false;
      this.#process ??= nobody;
    }
    this.#device = deviceOf(await this.folder.read("device.yaml"));
    this.#canceledAt = await this.folder.canceledAt();
    this.#signals = this.#canceledAt === void 0 ? 0 : 1;
    this.#say("info", this.#process && isAlive(this.#process) ? `found running as process ${this.#process.pid}` : "found ended");
    this.#follow();
    return true;
  }
  /** A session began: nothing that was on the way is sure to have arrived. */
  onSession() {
    this.#shipper.ask();
    this.report();
    this.#calls.onSession();
  }
  onAnswer(call, answer) {
    this.#calls.onAnswer(call, answer);
  }
  /** START or STATUS of an attempt that is known. */
  report() {
    if (this.#end) {
      this.#endSent = 0;
      this.#sendEnd();
    } else if (this.#process) this.#options.link.send({ type: "START_OK", ...this.folder.ref });
  }
  onLogReply(reply) {
    if (reply.type === "LOG_OK") {
      this.#shipper.reply(reply.lines);
      return;
    }
    if (this.#unwanted) return;
    this.#say("warn", `the server wants no more records: ${reply.reason}`);
    this.#unwanted = true;
    void this.#shipper.stop();
    void this.cancel();
  }
  /** SIGTERM now; a second one and SIGKILL follow when it takes too long. Once only: lava-run takes each as a new request. */
  async cancel() {
    if (this.#end) {
      this.report();
      return;
    }
    if (this.#canceledAt !== void 0) return;
    this.#canceledAt = uptime2();
    await this.folder.writeJson("canceled.json", { uptime: this.#canceledAt }).catch((error) => this.#say("error", `cannot note the cancel: ${messageOf(error)}`));
    this.#signals = 1;
    if (this.#process && signalProcess(this.#process, "SIGTERM")) this.#say("info", "=> CANCEL");
  }
  /** Called every second: what no event tells. */
  tick() {
    if (this.running && this.#process && !isAlive(this.#process)) void this.#close();
    if (this.running && this.#canceledAt !== void 0) void this.#pressOn(this.#canceledAt);
    this.#watchFolder();
    this.#shipper.wake();
    if (this.running) this.#calls.wake();
    this.#sendEnd();
  }
  /** END_OK: the server has stored the end. */
  async stored() {
    if (!this.#end) return;
    await this.stop();
    await this.folder.remove();
    this.#options.gone(this);
  }
  /** Stops following, not the run. */
  async stop() {
    this.#watcher?.close();
    await this.#calls.stop();
    await this.#shipper.stop();
    await this.#journal.close();
  }
  #follow() {
    this.#watchFolder();
    this.tick();
  }
  #watchFolder() {
    if (this.#watcher || this.#end) return;
    try {
      this.#watcher = watch2(this.folder.path, { persistent: false }, (_, name) => {
        if (name === "logs.yaml") this.#shipper.wake();
        else if (name === "calls.jsonl") this.#calls.wake();
      });
      this.#watcher.on("error", () => {
        this.#watcher?.close();
        this.#watcher = void 0;
      });
    } catch {
    }
  }
  async #pressOn(since) {
    const seconds = uptime2() - since;
    const { second, kill } = this.#options.patience;
    if (seconds < second || !this.#process) return;
    const held = await finalizeTimeout(this.folder);
    if (this.#signals === 1 && seconds >= Math.max(second, held)) {
      this.#signals = 2;
      this.#say("warn", `still running ${Math.round(seconds)} s after CANCEL: SIGTERM again`);
      signalProcess(this.#process, "SIGTERM");
    } else if (this.#signals === 2 && seconds >= Math.max(second, held) + kill - second) {
      this.#signals = 3;
      this.#say("warn", `still running ${Math.round(seconds)} s after CANCEL: SIGKILL`);
      signalProcess(this.#process, "SIGKILL");
      await killLeftovers(this.folder);
    }
  }
  /** The process is gone: complete what it left open, ship the rest, report the end. */
  #close() {
    this.#closing ??= this.#finish().catch((error) => {
      this.#say("error", `cannot finish, trying again: ${messageOf(error)}`);
      this.#closing = void 0;
    });
    return this.#closing;
  }
  async #finish() {
    const left = await killLeftovers(this.folder);
    if (left > 0) this.#say("warn", `killed ${left} processes that lava-run left behind`);
    if (!await hasResult(this.folder)) {
      this.#say("error", "lava-run is gone without a result");
      if (this.#process && !isThisBoot(this.#process)) await this.#fillGap();
    }
    const { poweredOff, died } = await this.#completeRun();
    this.#say("info", "running -> finished");
    const started = monotonicMs();
    if (!this.#unwanted) await Promise.race([this.#shipper.drain(), this.#whenUnwanted()]);
    const read = await readEnd(this.folder);
    this.#end = {
      ...read,
      ...died !== "" && { errorType: "Infrastructure", errorMessage: died },
      logLines: this.#shipper.acknowledged,
      poweredOff
    };
    this.#say("debug", `${this.#end.logLines} records shipped, the last in ${Math.round(monotonicMs() - started)} ms`);
    this.#watcher?.close();
    this.#sendEnd();
  }
  /**
   * This machine crashed, and with it the end of the journal that was not on the disk yet; the server may have that
   * already. Records take its place, so that those to come have numbers of their own. The server keeps what it has.
   */
  async #fillGap() {
    const { lines, at } = await this.#shipper.known(6e4);
    if (lines <= at.line) return;
    this.#say("warn", `${lines - at.line} records were lost when this machine crashed; the server has them`);
    await this.#journal.fill(at, lines - at.line, formatRecord("debug", "This record was lost on the worker when its machine crashed."));
  }
  async #completeRun() {
    const reason = this.#canceledAt === void 0 ? "lava-run was killed or crashed" : "lava-run was killed, because the job took too long to cancel";
    try {
      return { ...await this.#options.finishDeadRun({ outputDir: this.folder.path, reason }), died: "" };
    } catch (error) {
      this.#say("error", `cannot complete the run: ${messageOf(error)}`);
      return { poweredOff: false, died: reason };
    }
  }
  async #whenUnwanted() {
    while (!this.#unwanted) await new Promise((resolve5) => {
      setTimeout(resolve5, 200);
    });
  }
  #sendEnd() {
    if (!this.#end || this.#endSent > 0 && monotonicMs() - this.#endSent < resendEnd) return;
    if (!this.#options.link.send({ type: "END", ...this.folder.ref, ...this.#end })) return;
    this.#options.log.debug(`END(${this.folder.ref.job}) => master${this.#endSent > 0 ? " (resend)" : ""}`);
    this.#endSent = monotonicMs();
  }
  #say(level, text) {
    this.#options.log[level](`[${this.folder.ref.job}] ${text}`);
  }
};
var deviceOf = (configuration) => /^guest: true$/m.test(configuration) ? "" : /^hostname:\s*["']?([^\s"'#]+)/m.exec(configuration)?.[1] ?? "";

// packages/worker/src/supervisor.ts
var Supervisor = class {
  #options;
  #attempts = /* @__PURE__ */ new Map();
  /** Being started: their START is not carried out a second time. */
  #starting = /* @__PURE__ */ new Map();
  #timer;
  constructor(options2) {
    this.#options = options2;
  }
  /** Takes over what an earlier daemon left running. Call it before the link opens. */
  async open() {
    for (const folder of await this.#withoutOvertaken(await findAttempts(this.#options.attempts))) {
      const attempt2 = this.#make(folder);
      if (await attempt2.adopt()) this.#attempts.set(attempt2.key, attempt2);
      else {
        await attempt2.stop();
        await folder.remove();
      }
    }
    const strays = await killStrays(this.#options.attempts);
    if (strays > 0) this.#options.log.warn(`killed ${strays} processes of attempts whose folders are gone`);
    this.#timer = setInterval(() => {
      for (const attempt2 of this.#attempts.values()) attempt2.tick();
    }, 1e3);
  }
  /**
   * A dead attempt on whose device another one lives is long over: its folder came back from a copy, say. To complete it
   * would switch the device off under the other's hands.
   */
  async #withoutOvertaken(folders) {
    const seen = await Promise.all(folders.map(async (folder) => {
      const process2 = await folder.process();
      return { folder, device: deviceOf(await folder.read("device.yaml")), alive: process2 !== void 0 && isAlive(process2) };
    }));
    const inUse = new Set(seen.filter(({ alive, device }) => alive && device !== "").map(({ device }) => device));
    const overtaken = seen.filter(({ alive, device }) => !alive && inUse.has(device));
    for (const { folder, device } of overtaken) {
      this.#options.log.warn(`${folder.path} is of an attempt that is over, as another one runs on ${device}: removed`);
      await folder.remove();
    }
    return seen.filter((one) => !overtaken.includes(one)).map(({ folder }) => folder);
  }
  /** Stops following; the runs go on. */
  async close() {
    clearInterval(this.#timer);
    for (const attempt2 of this.#attempts.values()) await attempt2.stop();
  }
  /** What this worker holds, for PING: until the server has stored its end. */
  held() {
    return [...[...this.#attempts.values()].map((a) => a.folder.ref), ...this.#starting.values()];
  }
  onSession() {
    for (const attempt2 of this.#attempts.values()) attempt2.onSession();
  }
  onLogReply(reply) {
    this.#attempts.get(attemptKey(reply))?.onLogReply(reply);
  }
  onOrder(order) {
    const { link: link2, log } = this.#options;
    const ref = { job: order.job, fence: order.fence };
    const attempt2 = this.#attempts.get(attemptKey(ref));
    log.debug(`master => ${order.type}(${order.job})`);
    if (order.type === "START") {
      if (attempt2) {
        log.info(`[${order.job}] -> already running`);
        attempt2.report();
      } else void this.#start(order, ref);
    } else if (this.#starting.has(attemptKey(ref))) {
    } else if (!attempt2) {
      if (order.type !== "END_OK" && order.type !== "ANSWER") link2.send({ type: "UNKNOWN", ...ref });
    } else if (order.type === "ANSWER") {
      attempt2.onAnswer(order.call, order.answer);
    } else if (order.type === "CANCEL") {
      void attempt2.cancel();
    } else if (order.type === "STATUS") {
      attempt2.report();
    } else {
      attempt2.stored().catch((error) => log.error(`[${order.job}] cannot remove ${attempt2.folder.path}: ${messageOf(error)}`));
    }
  }
  async #start(order, ref) {
    const { link: link2, log } = this.#options;
    const key = attemptKey(ref);
    if (this.#starting.has(key)) return;
    const device = deviceOf(order.files["device.yaml"]);
    const rival = [...this.#attempts.values()].find((a) => a.uses(device) || a.running && a.folder.ref.job === ref.job);
    if (rival) {
      log.warn(`[${ref.job}] attempt ${rival.key} still uses the device and is canceled first`);
      void rival.cancel();
      return;
    }
    this.#starting.set(key, ref);
    const folder = new AttemptFolder(this.#options.attempts, ref);
    const attempt2 = this.#make(folder);
    try {
      log.info(`[${ref.job}] Starting job`);
      await folder.create(order.files);
      await attempt2.start();
      this.#attempts.set(key, attempt2);
      attempt2.onSession();
    } catch (error) {
      const full = error.code === "ENOSPC";
      const reason = full ? `no space left on the worker's disk for ${folder.path}` : messageOf(error);
      log.error(`[${ref.job}] not started: ${reason}`);
      await attempt2.stop();
      await folder.remove().catch(() => void 0);
      link2.send({ type: "START_FAILED", ...ref, reason });
    } finally {
      this.#starting.delete(key);
    }
  }
  #make(folder) {
    return new Attempt(folder, { ...this.#options, gone: (attempt2) => {
      this.#attempts.delete(attempt2.key);
    } });
  }
};

// packages/worker/src/daemon.ts
async function runWorker(options2, stop) {
  const { settings, log } = options2;
  log.info(`[INIT] LAVA ${options2.name} has started.`);
  log.info(`[INIT] Name   : '${settings.hostname}'`);
  log.info(`[INIT] Version: '${version}'`);
  log.info(`[INIT] Using protocol version ${protocolVersion}`);
  const encryption = await workerEncryption(settings);
  const unlock = await lockState(settings.workerDir);
  let giveUp = () => {
  };
  const given = new Promise((resolve5) => {
    giveUp = () => resolve5(1);
  });
  const link2 = new WorkerEndpoint({
    master: settings.master,
    logger: settings.logger,
    hostname: settings.hostname,
    ipv6: settings.ipv6,
    encryption,
    version,
    capabilities: probeCapabilities(),
    daemonLog: log,
    handlers: {
      attempts: () => supervisor.held(),
      onSession: () => supervisor.onSession(),
      onOrder: (order) => supervisor.onOrder(order),
      onLogReply: (reply) => supervisor.onLogReply(reply),
      onRefused: (_, retry) => {
        if (!retry) giveUp();
      }
    }
  });
  const supervisor = new Supervisor({
    attempts: join16(settings.workerDir, "attempts"),
    link: link2,
    log,
    program: options2.lavaRun,
    root: settings.paths.root,
    cacheSize: settings.cacheSize,
    finishDeadRun: options2.finishDeadRun,
    patience: { second: 60, kill: 120 }
  });
  try {
    await supervisor.open();
    link2.open();
    return await Promise.race([given, stopped(stop)]);
  } finally {
    log.info("[CLOSE] Leaving; running jobs go on");
    await link2.close();
    await supervisor.close();
    await unlock();
  }
}
function stopped(signal2) {
  return new Promise((resolve5) => {
    if (signal2.aborted) resolve5(0);
    signal2.addEventListener("abort", () => resolve5(0), { once: true });
  });
}

// packages/worker/src/enrol.ts
import { mkdir as mkdir6, readFile as readFile13, rename as rename6, rm as rm8, writeFile as writeFile7 } from "node:fs/promises";
import { join as join17, resolve as resolve4 } from "node:path";
import { parseArgs as parseArgs3 } from "node:util";
var usage3 = `usage: lava-worker enroll --url URL --hostname NAME --code CODE [--root DIR]

Makes a key pair here, has the server at URL admit its public half, and keeps the server's certificate and addresses.
The command with its code comes from "lava-server manage workers enroll NAME", run on the server. The secret key and the
code do not leave this machine.
`;
async function enrolMain(args, env) {
  const enrolment = readArguments(args, env);
  if (!enrolment) {
    process.stdout.write(usage3);
    return 0;
  }
  await enrol(enrolment);
  const root = enrolment.paths.root === "/" ? "" : ` --root ${enrolment.paths.root}`;
  process.stdout.write(`${enrolment.hostname} is enrolled. Start it, or restart it if it runs: lava-worker${root}
`);
  return 0;
}
function readArguments(args, env) {
  let given;
  try {
    given = parseArgs3({ args: [...args], strict: true, options: { url: { type: "string" }, hostname: { type: "string" }, code: { type: "string" }, root: { type: "string" }, help: { type: "boolean", short: "h" } } }).values;
  } catch (error) {
    throw new ConfigurationError(messageOf(error), { code: "option", hint: "See lava-worker enroll --help." });
  }
  if (given.help) return void 0;
  const { url, hostname, code } = given;
  if (!url || !hostname || !code || !URL.canParse(url) || !/^https?:/.test(url)) {
    throw new ConfigurationError("enroll needs --url http(s)://\u2026, --hostname and --code", { code: "option", hint: 'Copy the whole command that "lava-server manage workers enroll NAME" has printed.' });
  }
  return { url: new URL(url), hostname, code, paths: lavaPaths(resolve4(given.root ?? (env["LAVA_ROOT"] || "/"))) };
}
async function enrol({ url, hostname, code, paths }) {
  const directory = paths.certificates;
  const pending = join17(directory, "enrolling");
  await mkdir6(pending, { recursive: true, mode: 448 });
  const secret = join17(pending, `${hostname}.key_secret`);
  const own2 = await readSecretCertificate(secret).catch(async () => readSecretCertificate((await createCertificate(pending, hostname)).secretFile));
  const key = enrolmentKey(code, hostname);
  const request = { hostname, public_key: own2.publicKey };
  const answer = await ask(url, { ...request, proof: signRequest(key, request) });
  if (!sameProof(signAnswer(key, request, answer), answer.proof)) {
    throw new ConfigurationError(`what answered at ${url.origin} does not know the code: it is not the server that made it`, { code: "enrolment-forged", hint: "Look whether the address is right and who answers there. Nothing was changed here." });
  }
  await replacePublicCertificate(directory, "master", answer.master_key);
  await rename6(secret, join17(directory, `${hostname}.key_secret`));
  await rename6(join17(pending, `${hostname}.key`), join17(directory, `${hostname}.key`));
  await rm8(pending, { recursive: true });
  const host = url.hostname;
  await writeSettings(join17(paths.workerConfig, "lava-slave"), {
    MASTER_URL: `tcp://${host}:${answer.control_port}`,
    LOGGER_URL: `tcp://${host}:${answer.log_port}`,
    HOSTNAME: hostname
  });
}
async function ask(url, request) {
  let response;
  try {
    response = await fetch(new URL(enrolmentPath.slice(1) + "/", url.href.endsWith("/") ? url : `${url.href}/`), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(3e4)
    });
  } catch (error) {
    const { cause } = error;
    throw new ConfigurationError(`no answer from ${url.origin}: ${messageOf(cause ?? error)}`, { code: "enrolment-unreachable", hint: "Look whether the server runs and its web is reached from here." });
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new ConfigurationError(body.error?.message ?? `the server answered with status ${response.status}`, { code: "enrolment-refused", hint: body.error?.hint });
  const { master_key, control_port, log_port, proof } = body;
  if (typeof master_key !== "string" || !isPublicKey(master_key) || typeof proof !== "string" || !Number.isInteger(control_port) || !Number.isInteger(log_port)) {
    throw new ConfigurationError(`what answered at ${url.origin} is not a LAVA server`, { code: "enrolment-answer", hint: "Look whether the address is that of its web." });
  }
  return { master_key, control_port, log_port, proof };
}
async function writeSettings(path, values) {
  const before = await readFile13(path, "utf8").catch((error) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const kept = before.split("\n").filter((line) => !Object.keys(values).some((name) => new RegExp(`^\\s*(export\\s+)?${name}=`).test(line)));
  while (kept.at(-1) === "") kept.pop();
  const text = [...kept, ...Object.entries(values).map(([name, value]) => `${name}="${value}"`), ""].join("\n");
  await writeFile7(`${path}.new`, text);
  await rename6(`${path}.new`, path);
}

// packages/worker/src/log-file.ts
import { closeSync as closeSync2, mkdirSync, openSync as openSync2, writeSync as writeSync2 } from "node:fs";
import { dirname as dirname3 } from "node:path";
function openLogFile(path) {
  if (path === "-") return { write: (line) => {
    process.stdout.write(line);
  }, reopen: () => {
  } };
  const open7 = () => {
    try {
      mkdirSync(dirname3(path), { recursive: true });
      return openSync2(path, "a", 416);
    } catch (error) {
      throw new ConfigurationError(`cannot write the log ${path}: ${messageOf(error)}`, { code: "log-file", hint: "Give another --log-file (- for standard output), or --root to move all paths." });
    }
  };
  let file = open7();
  return {
    // A full disk must not end the daemon: the line is lost.
    write: (line) => {
      try {
        writeSync2(file, line);
      } catch {
      }
    },
    reopen: () => {
      const old = file;
      file = open7();
      closeSync2(old);
    }
  };
}

// packages/worker/src/main.ts
async function workerMain(program, options2) {
  let complain = (text) => {
    process.stderr.write(`${program}: ${text}
`);
  };
  try {
    if (process.argv[2] === "enroll") return await enrolMain(process.argv.slice(3), process.env);
    if (process.argv[2] === "cache") return await cacheMain(process.argv.slice(3), process.env);
    const settings = await readSettings(program, process.argv.slice(2), process.env);
    if ("ask" in settings) {
      process.stdout.write(settings.ask === "help" ? usage(program) : `${program} ${version}
`);
      return 0;
    }
    const file = openLogFile(settings.logFile);
    const log = daemonLog(settings.level, (line) => file.write(line), settings.logFormat);
    const toStderr = complain;
    complain = (text) => {
      log.error(text);
      if (settings.logFile !== "-") toStderr(text);
    };
    const stop = new AbortController();
    for (const signal2 of ["SIGTERM", "SIGINT"]) process.on(signal2, () => {
      log.info("[POLL] Received a signal, leaving");
      stop.abort();
    });
    process.on("SIGHUP", () => file.reopen());
    return await runWorker({
      settings,
      log,
      name: program.slice("lava-".length),
      finishDeadRun: options2.finishDeadRun,
      lavaRun: settings.lavaRun ?? options2.lavaRun
    }, stop.signal);
  } catch (error) {
    complain(explain(error));
    return 1;
  }
}
function explain(error) {
  if (error instanceof LavaError) return error.hint === void 0 ? error.message : `${error.message}. ${error.hint}`;
  return error instanceof Error && error.stack !== void 0 ? error.stack : messageOf(error);
}

// packages/worker/src/entry.ts
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exit(await workerMain("lava-worker", { lavaRun: "", finishDeadRun }));
}
export {
  ServerEndpoint,
  WorkerEndpoint
};

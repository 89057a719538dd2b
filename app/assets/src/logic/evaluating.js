/**
 * Computes the expressions of a checklist on the phone, like app/definition/logic/evaluating.py,
 * which is the truth: docs/logic.md says what they mean. Without DOM; tested in Node with the same
 * vectors. `checklist` is what app/definition/logic/packing.py packs. An answer is
 * {value, comment, na_reason} as the server stores it. A value is a boolean, a Decimal, a string,
 * an array of ids, or null for empty.
 */
import DecimalJs from "decimal.js";

export const Decimal = DecimalJs.clone({
  precision: 28,
  rounding: DecimalJs.ROUND_HALF_EVEN,
  toExpNeg: -9e15,
  toExpPos: 9e15,
});
const PLACES = 6;
const LARGEST = new Decimal("1e30");
const NOTHING = Object.freeze({ value: null });
const DAY_MS = 86_400_000;

export class Logic {
  /** `answerOf` returns the answer to the field with an id, or undefined. */
  constructor(checklist, answerOf) {
    this.fields = checklist.fields;
    this.sections = checklist.sections;
    this.answerOf = answerOf;
    this.known = { shown: {}, section: {}, calculated: {}, notOk: {} };
  }

  isShown(id) {
    return once(this.known.shown, id, () => {
      const { section, shown_when } = this.fields[id];
      return (section === undefined || this.isSectionShown(section)) && this.holds(shown_when, true);
    });
  }

  isSectionShown(id) {
    return once(this.known.section, id, () => this.holds(this.sections[id].shown_when, true));
  }

  /** Whether an answer must be given. A calculated one depends on the others alone. */
  isRequired(id) {
    const { calculation, required_when, required } = this.fields[id];
    return !calculation && this.holds(required_when, Boolean(required));
  }

  /** Whether the answer is Not OK by its rule; an empty or N.A. answer never is. */
  fails(id) {
    const { fails_when } = this.fields[id];
    if (!fails_when || !this.isShown(id)) return false;
    const answer = this.answer(id);
    return !this.isNa(id, answer) && hasValue(answer) && this.holds(fails_when, false);
  }

  /** The answer to a field, with the calculated value if it has one; empty while hidden. */
  answer(id) {
    if (!Object.hasOwn(this.fields, id) || !this.isShown(id)) return NOTHING;
    if (this.fields[id].calculation) return { value: this.calculated(id) };
    return this.answerOf(id) ?? NOTHING;
  }

  /** The calculated value as an answer, null if it is empty or the field hidden. */
  calculated(id) {
    return once(this.known.calculated, id, () => {
      const { calculation } = this.fields[id];
      return this.isShown(id) ? asAnswer(this.value(calculation), calculation) : null;
    });
  }

  /** Whether the answer is Not OK: by itself, by its limits, or by its rule. */
  isNotOk(id) {
    if (!Object.hasOwn(this.fields, id) || !this.isShown(id)) return false;
    return once(this.known.notOk, id, () => this.isBad(id) || this.fails(id));
  }

  isBad(id) {
    const { kind, min, max } = this.fields[id];
    const answer = this.answer(id);
    if (kind === "verdict") return answer.value === "not_ok";
    if (this.isNa(id, answer)) return false;
    return this.readings(id).some(([, reading]) => isOut(reading, min, max));
  }

  isNa(id, { value, na_reason }) {
    if (this.fields[id].kind === "verdict") return value === "na";
    return isBlank(value) && Boolean(na_reason?.trim());
  }

  /** [key, reading] of a number (with the key "") or of a table, in the order of the form. */
  readings(id) {
    const { kind, cells } = this.fields[id];
    const { value } = this.answer(id);
    if (isBlank(value)) return [];
    if (kind === "number") return [["", value]];
    return (cells ?? []).filter((key) => value[key]).map((key) => [key, value[key]]);
  }

  holds(tree, otherwise) {
    return tree ? this.value(tree) === true : otherwise;
  }

  /** The value of a tree: [operator, argument, ...]; a leaf has its value as the only argument. */
  value([op, ...args]) {
    if (Object.hasOwn(COMPARE, op)) return this.compare(op, args);
    if (Object.hasOwn(ARITHMETIC, op)) {
      const [left, right] = args.map((arg) => this.decimal(arg));
      return left === null || right === null ? null : ARITHMETIC[op](left, right);
    }
    return EVALUATE[op](this, args);
  }

  decimal(tree) {
    const found = this.value(tree);
    return found instanceof Decimal ? found : null;
  }

  compare(op, args) {
    const [one, other] = args.map((arg) => this.value(arg));
    if (one === null || other === null) return op === "!=";
    return COMPARE[op](order(one, other) || this.edge(args[0]) - this.edge(args[1]));
  }

  /** 1 for a reading just above its number (">200"), -1 just below, 0 for all else. */
  edge([op, value]) {
    if (op !== "field" && op !== "cell") return 0;
    const found = this.readingsOf(op, value);
    if (found.length !== 1) return 0;
    const { above, below } = bounds(found[0]);
    return Number(above) - Number(below);
  }

  /** The readings of a number, a table, or those of a table that a cell names. */
  readingsOf(op, value) {
    const [id, row, column] = op === "cell" ? value.split(":") : [value, "*", "*"];
    if (!Object.hasOwn(this.fields, id)) return [];
    return this.readings(id)
      .filter(([key]) => {
        const at = key ? key.split(":") : ["*", "*"];
        return [row, column].every((one, place) => one === "*" || one === at[place]);
      })
      .map(([, reading]) => reading);
  }

  field(id) {
    if (!Object.hasOwn(this.fields, id)) return null;
    if (this.fields[id].kind === "number") return this.cell("field", id);
    const { value } = this.answer(id);
    return Array.isArray(value) || (typeof value === "string" && value) ? value : null;
  }

  cell(op, value) {
    const found = this.readingsOf(op, value);
    return found.length === 1 ? new Decimal(found[0].decimal) : null;
  }

  /** The numbers that the arguments of sum() and the like give, without the empty ones. */
  listed(args) {
    return args.flatMap((arg) => {
      const [op, value] = arg;
      if (op === "field" || op === "cell") return this.readingsOf(op, value).map((one) => new Decimal(one.decimal));
      return this.decimal(arg) ?? [];
    });
  }

  /** The shown questions of a section. */
  questions(id) {
    const fields = Object.hasOwn(this.sections, id) ? this.sections[id].fields : [];
    return fields.filter((field) => this.fields[field].kind !== "note" && this.isShown(field));
  }

  isAnswered(id) {
    if (!Object.hasOwn(this.fields, id) || !this.isShown(id)) return false;
    const answer = this.answer(id);
    return hasValue(answer) && !this.isNa(id, answer);
  }

  isComplete(id) {
    const answer = this.answer(id);
    if (this.isNa(id, answer)) return true;
    const { cells } = this.fields[id];
    return hasValue(answer) && (!cells || this.readings(id).length === cells.length);
  }
}

const ARITHMETIC = {
  "+": (one, other) => one.plus(other),
  "-": (one, other) => one.minus(other),
  "*": (one, other) => one.times(other),
  "/": (one, other) => (other.isZero() ? null : one.div(other)),
};

const COMPARE = {
  "=": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

const EVALUATE = {
  and: (at, args) => args.every((arg) => at.value(arg) === true),
  or: (at, args) => args.some((arg) => at.value(arg) === true),
  not: (at, [arg]) => at.value(arg) !== true,
  negative: (at, [arg]) => at.decimal(arg)?.neg() ?? null,
  abs: (at, [arg]) => at.decimal(arg)?.abs() ?? null,
  sqrt: (at, [arg]) => {
    const found = at.decimal(arg);
    return found === null || found.lessThan(0) ? null : found.sqrt();
  },
  number: (at, [digits]) => new Decimal(digits),
  text: (at, [text]) => text || null,
  field: (at, [id]) => at.field(id),
  cell: (at, [value]) => at.cell("cell", value),
  answered: (at, [[, id]]) => at.isAnswered(id),
  is_na: (at, [[, id]]) => Object.hasOwn(at.fields, id) && at.isShown(id) && at.isNa(id, at.answer(id)),
  not_ok: (at, [[, id]]) => at.isNotOk(id),
  selected: (at, [field, [, choice]]) => [at.value(field)].flat().includes(choice),
  any_not_ok: (at, [[, id]]) => at.questions(id).some((field) => at.isNotOk(field)),
  count_not_ok: (at, [[, id]]) => new Decimal(at.questions(id).filter((field) => at.isNotOk(field)).length),
  all_answered: (at, [[, id]]) =>
    at.questions(id).every((field) => at.fields[field].calculation || at.isComplete(field)),
  if: (at, [condition, yes, no]) => at.value(at.value(condition) === true ? yes : no),
  default: (at, [one, other]) => at.value(one) ?? at.value(other),
  round: (at, [arg, [, places]]) => at.decimal(arg)?.toDecimalPlaces(Number(places)) ?? null,
  sum: (at, args) => total(at.listed(args)),
  mean: (at, args) => {
    const found = at.listed(args);
    return total(found)?.div(found.length) ?? null;
  },
  min: (at, args) => least(at.listed(args), (one, other) => one.lessThan(other)),
  max: (at, args) => least(at.listed(args), (one, other) => one.greaterThan(other)),
  count: (at, args) => new Decimal(at.listed(args).length),
  days: (at, args) => {
    const [first, last] = args.map((arg) => at.value(arg));
    if (first === null || last === null) return null;
    return new Decimal((Date.parse(`${last}T00:00Z`) - Date.parse(`${first}T00:00Z`)) / DAY_MS);
  },
};

/** A calculated value in the form of a stored answer. */
function asAnswer(value, [op]) {
  if (!(value instanceof Decimal)) return typeof value === "string" ? value : null;
  const number = op === "round" ? value : value.toDecimalPlaces(PLACES);
  if (number.abs().greaterThanOrEqualTo(LARGEST)) return null;
  const digits = number.isZero() ? "0" : number.toFixed();
  return { text: digits, decimal: digits };
}

function total(numbers) {
  return numbers.length ? numbers.reduce((sum, number) => sum.plus(number)) : null;
}

function least(numbers, isBefore) {
  return numbers.length ? numbers.reduce((best, number) => (isBefore(number, best) ? number : best)) : null;
}

/** Negative, 0 or positive. Days and times of day are compared as text. */
function order(one, other) {
  if (one instanceof Decimal && other instanceof Decimal) return one.comparedTo(other);
  const [left, right] = [String(one), String(other)];
  return left === right ? 0 : left < right ? -1 : 1;
}

function isOut(reading, min, max) {
  const number = new Decimal(reading.decimal);
  const { above, below } = bounds(reading);
  const low = min !== undefined && (number.lessThan(min) || (below && number.lessThanOrEqualTo(min)));
  const high = max !== undefined && (number.greaterThan(max) || (above && number.greaterThanOrEqualTo(max)));
  return low || high;
}

/** Whether the true value is strictly above or below the number, as typed. */
function bounds({ text }) {
  return { above: /^>(?!=)/.test(text), below: /^<(?!=)/.test(text) };
}

/** An empty array or object is blank too, as it is for the server. */
function isBlank(value) {
  return !value || (typeof value === "object" && Object.keys(value).length === 0);
}

function hasValue({ value }) {
  return !isBlank(value);
}

function once(known, key, compute) {
  if (!Object.hasOwn(known, key)) known[key] = compute();
  return known[key];
}

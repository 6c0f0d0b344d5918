import type { RecordType } from '../../debuginfo/types.js';
import type { TypeIndex } from './type-index.js';

/** Of the two builds that are compared. */
type OfBoth<T> = Readonly<Record<'before' | 'after', T>>;

/** All that following pointers asks of two builds beyond the types that it goes through. Names are full names. */
export interface Questions {
  /** The first record of a name in both. */
  first(name: string): OfBoth<RecordType | undefined>;
  /** The one record of a name in one of them; undefined where there are none or several. */
  only(build: keyof OfBoth<unknown>, name: string): RecordType | undefined;
  /** Names of the classes of the old build that are derived from one. */
  derived(name: string): readonly string[];
  /** Variables of the old build hold records of this name. */
  isEmbedded(name: string): boolean;
  /** The old build has a definition of the name, and one of those that C calls `inC` changed. */
  isChanged(name: string, inC: string): boolean;
}

export function createQuestions(
  types: OfBoth<TypeIndex>,
  embedded: () => ReadonlySet<string>,
  changedRecords: () => readonly string[],
): Questions {
  return {
    first: (name) => ({ before: types.before.named(name)[0], after: types.after.named(name)[0] }),
    only(build, name) {
      const found = types[build].named(name);
      return found.length === 1 ? found[0] : undefined;
    },
    derived: (name) => types.before.derivedFrom(name),
    isEmbedded: (name) => embedded().has(name),
    isChanged: (name, inC) => types.before.named(name).length > 0 && changedRecords().includes(inC),
  };
}

/** A question, and what the answer was. Records are known by number, so that none is kept for it. */
export interface Asked {
  readonly question: keyof typeof answers;
  readonly name: string;
  readonly answer: string;
}

/** Answers the same, and writes down what was asked. */
export function noteQuestions(questions: Questions, asked: Map<string, Asked>): Questions {
  const note = (question: Asked['question'], name: string): void => {
    const key = `${question} ${name}`;
    if (!asked.has(key)) asked.set(key, { question, name, answer: answerOf(questions, question, name) });
  };
  return {
    first(name) {
      note('first', name);
      return questions.first(name);
    },
    only(build, name) {
      note(build, name);
      return questions.only(build, name);
    },
    derived(name) {
      note('derived', name);
      return questions.derived(name);
    },
    isEmbedded(name) {
      note('embedded', name);
      return questions.isEmbedded(name);
    },
    isChanged(name, inC) {
      note('changed', `${name}\n${inC}`);
      return questions.isChanged(name, inC);
    },
  };
}

/** Whether two other builds give the answer that was given. */
export function isAnsweredAlike(questions: Questions, { question, name, answer }: Asked): boolean {
  return answerOf(questions, question, name) === answer;
}

const given = new WeakMap<Questions, Map<string, string>>();

function answerOf(questions: Questions, question: Asked['question'], name: string): string {
  const known = given.get(questions) ?? new Map<string, string>();
  given.set(questions, known);
  const key = `${question} ${name}`;
  const answer = known.get(key) ?? answers[question](questions, name);
  known.set(key, answer);
  return answer;
}

const answers = {
  first(questions: Questions, name: string): string {
    const { before, after } = questions.first(name);
    return `${numberOf(before)} ${numberOf(after)}`;
  },
  before: (questions: Questions, name: string): string => numberOf(questions.only('before', name)).toString(),
  after: (questions: Questions, name: string): string => numberOf(questions.only('after', name)).toString(),
  derived: (questions: Questions, name: string): string => questions.derived(name).join('\n'),
  embedded: (questions: Questions, name: string): string => String(questions.isEmbedded(name)),
  changed(questions: Questions, names: string): string {
    const [name = '', inC = ''] = names.split('\n');
    return String(questions.isChanged(name, inC));
  },
} as const;

const numbers = new WeakMap<RecordType, number>();
let highest = 0;

/** 0 for none. */
function numberOf(record: RecordType | undefined): number {
  if (record === undefined) return 0;
  const known = numbers.get(record) ?? ++highest;
  numbers.set(record, known);
  return known;
}

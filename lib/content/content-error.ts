/** One thing an author has to put right: where it stands, what is wrong, what to try. Lines and columns count from 1. */
export type Problem = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

/** An author's mistake in a course, a lesson or a lab. Its message has one line for every problem. */
export class ContentError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.name = "ContentError";
    this.problems = problems;
  }

  /** The same problems with `folder` in front of every file, so that an editor can open them. */
  under(folder: string): ContentError {
    return new ContentError(
      this.problems.map((problem) => ({ ...problem, file: `${folder}/${problem.file}` })),
    );
  }
}

/** What `read` gives, or what an author has to put right before it can. */
export async function attempt<T>(
  read: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly problems: readonly Problem[] }> {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof ContentError) return { problems: error.problems };
    throw error;
  }
}

/** A problem as editors and terminals link it: `file:line:column: message`. */
export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}

/** A problem with a file as a whole. */
export function fileProblem(file: string, message: string): Problem {
  return { file, line: 1, column: 1, message };
}

/** Problems in the order of the files they stand in, each once. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const byText = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  return [...byText.values()].sort(
    (a, b) =>
      Number(a.file > b.file) - Number(a.file < b.file) || a.line - b.line || a.column - b.column,
  );
}

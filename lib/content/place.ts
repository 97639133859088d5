// Ids of courses and lessons come from URLs. They are checked here before anything looks for a folder.

const ID = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const LONGEST_ID = 64;

/** Whether `text` can be the id of a course, a module or a lesson: lower-case words joined by hyphens, so never a path. */
export function isId(text: string): boolean {
  return text.length <= LONGEST_ID && ID.test(text);
}

/** The id of a folder such as `30-vrfs`: what follows its order number. `null` when the folder has none or is no id. */
export function idOfFolder(folder: string): string | null {
  const id = /^\d+-(.+)$/.exec(folder)?.[1] ?? "";
  return isId(id) ? id : null;
}

/** A lesson's or a lab's full id, `<course>/<lesson>`; `null` when either part is no id. */
export function lessonId(course: string, lesson: string): string | null {
  return isId(course) && isId(lesson) ? `${course}/${lesson}` : null;
}

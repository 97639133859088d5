import { PeopleTable, type PersonRow } from "./people-table.tsx";
import css from "./people.module.css";

type Person = Omit<PersonRow, "since"> & { readonly createdAt: Date };

const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

export function PeoplePage({
  people,
  makeLink,
  changeRole,
}: { people: readonly Person[] } & Pick<
  Parameters<typeof PeopleTable>[0],
  "makeLink" | "changeRole"
>) {
  const rows = people.map(({ id, name, email, role, createdAt }) => ({
    id,
    name,
    email,
    role,
    since: DAY.format(createdAt),
  }));
  return (
    <main id="content" className={css.page}>
      <h1>People</h1>
      <p className={css.lead}>
        {rows.length === 1 ? "One account" : `${rows.length} accounts`} on this server.
      </p>
      <PeopleTable people={rows} makeLink={makeLink} changeRole={changeRole} />
    </main>
  );
}

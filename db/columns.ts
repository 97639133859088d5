import * as sqlite from "drizzle-orm/sqlite-core";

/*
 * The few kinds of column this product needs, by what they hold. The schema is written with these words only, so
 * that another engine is a second meaning for each of them here and no change anywhere else.
 */

export const table = sqlite.sqliteTable;
export const index = sqlite.index;
export const uniqueIndex = sqlite.uniqueIndex;
export const primaryKey = sqlite.primaryKey;
export const foreignKey = sqlite.foreignKey;

export const text = (name: string) => sqlite.text(name);
export const integer = (name: string) => sqlite.integer(name);
export const bool = (name: string) => sqlite.integer(name, { mode: "boolean" });

/** A fractional number, such as points after a late penalty. */
export const real = (name: string) => sqlite.real(name);

/** A number that may not fit 32 bits, such as milliseconds since 1970. */
export const big = (name: string) => sqlite.integer(name);

/** A moment, kept to the millisecond. */
export const when = (name: string) => sqlite.integer(name, { mode: "timestamp_ms" });

/** A word out of a closed list. */
export const word = <T extends string>(name: string) => sqlite.text(name).$type<T>();

export const json = <T>(name: string) => sqlite.text(name, { mode: "json" }).$type<T>();

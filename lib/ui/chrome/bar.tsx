import type { Route } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { Logo } from "./icons.tsx";
import css from "./pieces.module.css";
import { ThemeToggle } from "./theme-toggle.tsx";

export type Crumb = { readonly name: string; readonly href?: Route };

/** The one line on top of every page. `children` stand at its right end, before the switch of light and dark. */
export function Bar({
  crumbs = [],
  sticky = false,
  children,
}: {
  crumbs?: readonly Crumb[];
  /** For pages that are read from top to bottom: it stays, and shows how far one is. */
  sticky?: boolean;
  children?: ReactNode;
}) {
  return (
    <header className={sticky ? css.stickyBar : css.bar}>
      <a className={css.skip} href="#content">
        Skip to the content
      </a>
      <Link className={css.brand} href="/">
        <Logo />
        Strata
      </Link>
      {crumbs.length > 0 && <Crumbs crumbs={crumbs} />}
      <div className={css.push}>
        {children}
        <ThemeToggle />
      </div>
    </header>
  );
}

function Crumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
  return (
    <nav className={css.crumbs} aria-label="Where you are">
      {crumbs.map(({ name, href }, at) =>
        at === crumbs.length - 1 ? (
          <span key={name} aria-current="page">
            {name}
          </span>
        ) : (
          <CrumbAbove key={name} name={name} href={href} />
        ),
      )}
    </nav>
  );
}

function CrumbAbove({ name, href }: { name: string; href: Route | undefined }) {
  return (
    <>
      {href ? (
        <Link className={css.far} href={href}>
          {name}
        </Link>
      ) : (
        <span className={css.far}>{name}</span>
      )}
      <span className={css.far} aria-hidden="true">
        /
      </span>
    </>
  );
}

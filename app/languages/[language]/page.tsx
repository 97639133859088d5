import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { viewerOf } from "#lib/auth/viewer.ts";
import { languages } from "#lib/net/languages.ts";
import { signOutAction } from "#app/sign-in/actions.ts";
import { AccountMenu } from "#lib/ui/chrome/account-menu.tsx";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { LanguagePage } from "#lib/ui/languages/language-page.tsx";

type Props = PageProps<"/languages/[language]">;

const languageCalled = async ({ params }: Props) => {
  const { language: id } = await params;
  return languages.find((one) => one.id === id);
};

export async function generateMetadata(props: Props): Promise<Metadata> {
  return { title: (await languageCalled(props))?.title };
}

export default async function OneLanguage(props: Props) {
  const language = await languageCalled(props);
  if (!language) notFound();
  return (
    <>
      <Bar crumbs={[{ name: "Languages", href: "/languages" }, { name: language.title }]}>
        <AccountMenu account={await viewerOf()} signOut={signOutAction} />
      </Bar>
      <LanguagePage language={language} />
    </>
  );
}

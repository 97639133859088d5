/** Next calls this once, before the first request. */
export async function register(): Promise<void> {
  const building = process.env.NEXT_PHASE === "phase-production-build";
  if (process.env.NEXT_RUNTIME !== "nodejs" || building) return;
  const { start } = await import("#app/start.ts");
  await start();
}

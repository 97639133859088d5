import type { NextConfig } from "next";

const config: NextConfig = {
  typedRoutes: true,
  poweredByHeader: false,
  agentRules: false,
  reactCompiler: true,
  serverExternalPackages: ["better-sqlite3", "pino", "piscina"],
  // `npm test` checks the types; whoever only starts the product need not wait for that.
  typescript: { ignoreBuildErrors: true },
  experimental: {
    turbopackRustReactCompiler: true,
    // An answer of 1 MB, and room for what surrounds it; more is refused with a sentence, not with a broken page.
    serverActions: { bodySizeLimit: "8mb" },
  },
};

export default config;

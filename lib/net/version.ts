/** The version of the engine that a verdict names. It changes whenever a verdict or its words may. */
export const ENGINE = "1";

/** The folder under /monaco/ that holds the editor; bundling fails unless it is the installed version. */
export const monacoVersion = "0.57.0";

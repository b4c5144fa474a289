// The parts of Node that our programs use.
declare const process: { argv: string[] };

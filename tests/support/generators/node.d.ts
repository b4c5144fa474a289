// What our programs need of Node.
declare const process: { argv: string[] };

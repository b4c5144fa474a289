/* python3.dll: modules for any version of Python ask it, and its definition file forwards them. */
int nothing;

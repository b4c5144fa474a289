/* python.exe: what CPython's own does, which is to call the library's main function. */
#include <windows.h>

int wmain(int argc, wchar_t **argv) {
    HMODULE library = LoadLibraryW(LIBRARY);
    if (library == NULL) {
        return 103;
    }
    int (*run)(int, wchar_t **) = (int (*)(int, wchar_t **))GetProcAddress(library, "Py_Main");
    return run(argc, argv);
}

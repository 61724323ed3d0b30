"""Which implementation fits where this runs."""

from pathlib import Path

from websim.kernels.reference import NumpyKernels

#: Where the browser's worker has put the one variant that suits the browser.
FOLDER = Path("/kernels")


def default_kernels() -> NumpyKernels:
    """The WASM kernels where there are some, else numpy's."""
    for variant in ("relaxed", "plain"):
        library = FOLDER / f"{variant}.so"
        if library.exists():
            from websim.kernels.wasm import WasmKernels

            return WasmKernels(library)
    return NumpyKernels()


#: The implementation in use.
kernels = default_kernels()

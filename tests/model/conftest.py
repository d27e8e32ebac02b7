"""What tests of Softermax in PyTorch share."""

import pytest


@pytest.fixture(scope="module", params=["library", "operations"])
def arithmetic(request):
    """The compiled library, which must then be there, and PyTorch's operations in its place."""
    from softermax.model.torch import kernel

    with pytest.MonkeyPatch.context() as patch:
        if request.param == "library":
            assert kernel.library() is not None, "a C++ compiler is needed"
        else:
            patch.setattr(kernel, "library", lambda: None)
        yield request.param

"""What a workload is."""


class Workload:
    name: str
    #: training, inference or kernel
    mode = "training"
    #: whether contractions are computed in bfloat16
    autocast = False
    #: whether torch.compile takes part
    compiles = True

    def make(self, generator):
        """The model in its initial state (None for a kernel) and its inputs by name, drawn from the generator."""
        raise NotImplementedError

    def loss(self, model, inputs):
        """The loss of a training step."""
        raise NotImplementedError

    def forward(self, model, inputs):
        """The output of an inference or a kernel."""
        raise NotImplementedError

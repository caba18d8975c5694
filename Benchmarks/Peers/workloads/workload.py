"""What a workload is."""

import torch


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

    def optimizers(self, model, make_optimizer):
        """What changes the model's parameters."""
        return [make_optimizer(model.parameters())]

    def make_step(self, model, inputs, make_optimizer, compiled):
        """What runs a training step and gives its loss; `compiled` is torch.compile where that takes part."""
        optimizers = self.optimizers(model, make_optimizer)
        loss_of = compiled(self.loss)

        def step():
            for optimizer in optimizers:
                optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
                loss = loss_of(model, inputs)
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            return loss.item()

        return step

    def make_forward(self, model, inputs, compiled):
        """What runs an inference or a kernel and gives its output."""
        forward = compiled(self.forward)
        return lambda: forward(model, inputs)

import Apus

extension GAN {
    /// A step of the game: the discriminator learns to tell real pictures from made ones, then the generator to make some that it takes for
    /// real.
    package final class Step: TrainingStep {
        private let players: Players
        private let recipe: Recipe
        private let classCount: Int
        private let generatorOptimizer: Adam
        private let discriminatorOptimizer: Adam
        private let average: ExponentialMovingAverage

        /// - Parameter averageDecay: of the generator's averaged weights, a step.
        package init(
            _ model: Adversaries, _ recipe: Recipe, learningRate: Double, averageDecay: Double, classCount: Int
        ) {
            players = model.players
            self.recipe = recipe
            self.classCount = classCount
            func adam(_ module: Module) -> Adam {
                Adam(module, learningRate: learningRate, betas: (recipe.momentum, recipe.squareDecay))
            }
            generatorOptimizer = adam(players.generator)
            discriminatorOptimizer = adam(players.discriminator)
            average = ExponentialMovingAverage(players.generator, decay: averageDecay)
        }

        package func take(_ batch: ImageBatch, model: Adversaries, learningRate: Double?) -> StepOutcome {
            if let learningRate {
                (generatorOptimizer.learningRate, discriminatorOptimizer.learningRate) = (learningRate, learningRate)
            }
            let draws = Generator.current
            let size = batch.images.shape[0] / recipe.criticSteps
            func noise() -> Tensor { .normal([size, players.generator.noise], generator: draws) }
            let shares = batch.labels.oneHot(classCount).evaluated()
            func part(_ tensor: Tensor, _ number: Int) -> Tensor {
                tensor.sliced(axis: 0, number * size, size)
            }

            // All but the last of the discriminator's steps are its own; the last one shares its pictures with the generator's.
            for number in 0..<(recipe.criticSteps - 1) {
                _ = criticStep(inputs(part(batch.images, number), part(shares, number), noise(), draws))
            }
            let last = recipe.criticSteps - 1
            let losses = step(inputs(part(batch.images, last), part(shares, last), noise(), draws))
            let values = losses.map { $0.item(as: Double.self) }
            return StepOutcome(
                loss: values[0],
                metrics: ["discriminatorLoss": values[1], "realScore": values[2], "madeScore": values[3]])
        }

        /// What a compiled step is given; the penalty's places between real and made pictures only where there is one.
        private func inputs(_ real: Tensor, _ shares: Tensor, _ noise: Tensor, _ draws: Generator) -> [Tensor] {
            let inputs = [real, shares, noise]
            return recipe.penalty == nil ? inputs : inputs + [.uniform([real.shape[0]], generator: draws)]
        }

        // MARK: The game

        private lazy var criticStep = compile(players.generator, players.discriminator, discriminatorOptimizer) {
            [unowned self] (inputs: [Tensor]) -> [Tensor] in
            let made = players.generator(inputs[2], inputs[1])
            return [discriminate(made, inputs).loss]
        }

        private lazy var step = compile(
            players.generator, players.discriminator, generatorOptimizer, discriminatorOptimizer, average
        ) { [unowned self] (inputs: [Tensor]) -> [Tensor] in
            let (fooled, judged, gradients) = valueAndGradients(players.generator) { generator in
                // Made once: both learn from the same pictures.
                let made = generator(inputs[2], inputs[1])
                let judged = discriminate(stopGradient(made), inputs)
                let score = players.discriminator(made, inputs[1])
                return (recipe.loss.generator(made: score), [judged.loss, judged.real, judged.made])
            }
            generatorOptimizer.step(gradients)
            average.update()
            return [fooled] + judged
        }

        /// The discriminator's step, with its loss and its mean scores.
        private func discriminate(_ made: Tensor, _ inputs: [Tensor]) -> (loss: Tensor, real: Tensor, made: Tensor) {
            let (real, shares) = (inputs[0], inputs[1])
            let (loss, scores, gradients) = valueAndGradients(players.discriminator) { discriminator in
                let (realScore, madeScore) = (discriminator(real, shares), discriminator(made, shares))
                var loss = recipe.loss.discriminator(real: realScore, made: madeScore)
                if let weight = recipe.penalty {
                    loss =
                        loss + weight
                        * gradientPenalty(real: real, made: made, mix: inputs[3]) {
                            discriminator($0, shares)
                        }
                }
                return (loss, [realScore.mean(), madeScore.mean()])
            }
            discriminatorOptimizer.step(gradients)
            return (loss, scores[0], scores[1])
        }

        // MARK: What is kept

        /// Fills in the averaged generator, whose batch norms are found anew: an average of weights has statistics of its own.
        package func publish(to model: Adversaries) {
            model.averaged.loadMatching(average.stateDictionary())
            let draws = Generator(seed: 0, stream: 3)
            let batches = (0..<8).lazy.map { _ in Tensor.normal([128, model.averaged.noise], generator: draws) }
            let classes = Tensor((0..<128).map { [classCount] in $0 % classCount }).oneHot(classCount)
            updateBatchNorm(model.averaged, over: batches) { $0($1, classes) }
        }

        package func stateDictionary() -> StateDictionary {
            generatorOptimizer.stateDictionary().prefixed("generator.")
                .merging(discriminatorOptimizer.stateDictionary().prefixed("discriminator.")) { $1 }
                .merging(average.stateDictionary().prefixed("average.")) { $1 }
        }

        package func load(_ state: StateDictionary) throws {
            try generatorOptimizer.load(state.unprefixed("generator."))
            try discriminatorOptimizer.load(state.unprefixed("discriminator."))
            try average.load(state.unprefixed("average."))
        }
    }
}

import Apus
import Foundation

extension GAN {
    /// Pictures that the averaged generator makes of the same noise over and over while it learns, kept in the run's folder.
    final class Film: TrainerCallback {
        private let folder: URL
        private let step: Step
        private let moments: Set<Int>
        private let noise: Tensor
        private let shares: Tensor
        private let classCount: Int

        /// Moments that are filmed.
        private static let frameCount = 16
        /// Pictures of each class.
        private static let rows = 4

        init(
            _ configuration: Configuration, _ step: Step, noiseSize: Int, steps: Int, in folder: RunFolder
        ) {
            self.folder = Self.url(in: folder)
            self.step = step
            // Most happens early.
            moments = Set(
                (1...Self.frameCount).map { number in
                    let share = Double(number) / Double(Self.frameCount)
                    return max(1, Int((Double(steps) * share * share).rounded()))
                })
            classCount = min(10, configuration.classNames.count)
            noise = .normal(
                [Self.rows * classCount, noiseSize], generator: Generator(seed: configuration.seed, stream: 4))
            shares = Tensor((0..<(Self.rows * classCount)).map { [classCount] in $0 % classCount })
                .oneHot(configuration.classNames.count)
        }

        static func url(in folder: RunFolder) -> URL { folder.url.appendingPathComponent("film") }

        func stepEnds(_ position: TrainingPosition, model: Module, loss: Double) throws {
            guard moments.contains(position.step), let model = model as? Adversaries else { return }
            step.publish(to: model)
            let pictures = Image.pictures(fromSigned: model.averaged.evaluating { model.averaged(noise, shares) })
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try PictureGrid(pictures, columns: classCount, scale: 2).image
                .write(to: folder.appendingPathComponent(String(format: "%07d.png", position.step)))
        }

        /// The frames in order, with the steps that they were taken at.
        static func frames(in folder: RunFolder) throws -> [(step: Int, image: Image)] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: url(in: folder).path)) ?? []
            return try names.sorted().compactMap { name in
                guard let step = Int(name.prefix { $0 != "." }) else { return nil }
                return (step, try Image(contentsOf: url(in: folder).appendingPathComponent(name)))
            }
        }
    }
}

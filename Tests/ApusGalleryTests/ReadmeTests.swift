import Apus
import Foundation
import Testing

/// The example in the README is the file `ReadmeExample.swift`, which is compiled here.
@Suite struct ReadmeTests {
    @Test func theExampleIsTheOneThatIsCompiled() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let readme = try String(
            contentsOf: folder.appending(path: "../../README.md").standardizedFileURL, encoding: .utf8)
        let example = try String(contentsOf: folder.appending(path: "ReadmeExample.swift"), encoding: .utf8)
        #expect(readme.contains("```swift\n" + example + "```"))
    }

    @Test func theExampleLearns() {
        withSeed(1) {
            // Two classes: a bright left half and a bright right half.
            let labels = Tensor.range(1000) % 2
            let isRight = Tensor.iota([1000, 1, 28, 28], axis: 3) .>= 14
            let wanted = (labels .== 1).reshaped(1000, 1, 1, 1)
            let images = `where`(isRight .== wanted, 1.0, Tensor.zeros([1000, 1, 28, 28])).evaluated()
            let model = train(images: images, labels: labels, epochs: 20)
            let right = (model(images).argMax() .== labels).sum().item()
            #expect(right >= 990)
        }
    }
}

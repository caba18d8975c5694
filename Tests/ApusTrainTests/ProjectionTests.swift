import ApusTensor
import ApusTestSupport
import ApusTrain
import Foundation
import Testing

@Suite struct Projections {
    /// Three clouds in ten dimensions.
    private static func clouds(each count: Int = 30) -> (points: Tensor, labels: [Int]) {
        let generator = Generator(seed: 8)
        let centres = Tensor.normal([3, 10], standardDeviation: 6, generator: generator)
        let labels = (0..<3 * count).map { $0 % 3 }
        let points = centres.gathered(Tensor(labels)) + Tensor.normal([3 * count, 10], generator: generator)
        return (points.evaluated(), labels)
    }

    @Test func componentsAreTheCovariancesEigenvectors() {
        let (points, _) = Self.clouds()
        let found = PrincipalComponents(of: points, count: 4)
        let (values, _) = eigh(points.T.covariance())
        #expect(allClose(found.variances, values.reversed(axes: 0)[0..<4], relative: 1e-4).item(as: Bool.self))
        #expect(
            allClose(matmul(found.directions, found.directions.T), Tensor.identity(4), absolute: 1e-5).item(
                as: Bool.self))
        #expect(allClose(found.shares, found.variances / values.sum(), relative: 1e-4).item(as: Bool.self))
        let places = found(points)
        #expect(places.shape == [90, 4])
        #expect(allClose(places.mean(axes: 0), Tensor.zeros([4]), absolute: 1e-4).item(as: Bool.self))
        #expect(allClose(places.variance(axes: 0, correction: 1), found.variances, relative: 1e-4).item(as: Bool.self))
    }

    @Test func allComponentsKeepDistances() {
        let (points, _) = Self.clouds(each: 5)
        let places = PrincipalComponents(of: points, count: 10)(points)
        #expect(allClose(cdist(places, places), cdist(points, points), absolute: 1e-3).item(as: Bool.self))
    }

    @Test func theMapsGradientIsTheDivergences() {
        let tsne = TSNE(perplexity: 4)
        let p = tsne.similarities(Self.clouds(each: 4).points).cast(to: .float64)
        let y = Tensor.normal([12, 2], dtype: .float64, generator: Generator(seed: 3)).evaluated()
        let gradient = tsne.gradient(p, y).elements(as: Double.self)
        let places = y.elements(as: Double.self)
        for index in [0, 5, 23] {
            func divergence(_ change: Double) -> Double {
                var moved = places
                moved[index] += change
                return tsne.divergence(p, Tensor(moved, shape: [12, 2], dtype: .float64))
            }
            let slope = (divergence(1e-5) - divergence(-1e-5)) / 2e-5
            #expect(abs(slope - gradient[index]) < 1e-6)
        }
    }

    @Test func similaritiesHaveThePerplexity() {
        let p = TSNE(perplexity: 7).similarities(Self.clouds(each: 12).points)
        #expect(abs(p.sum().item() - 1) < 1e-5)
        #expect(isEqual(p, p.T).item(as: Bool.self))
        #expect(p.diagonal().sum().item() == 0)
    }

    @Test func theMapTellsCloudsApart() {
        let (points, labels) = Self.clouds()
        let map = TSNE(perplexity: 10, iterations: 300)(points)
        #expect(map.places.shape == [90, 2])
        #expect(map.divergences.last! < 0.5 * map.divergences[0])
        let distances = cdist(map.places, map.places).elements(as: Double.self)
        // Each point's nearest neighbour is of its own cloud.
        let right = labels.indices.filter { i in
            let others = labels.indices.filter { $0 != i }
            let nearest = others.min { distances[i * 90 + $0] < distances[i * 90 + $1] }
            return nearest.map { labels[$0] } == labels[i]
        }
        #expect(right.count == 90)
    }
}

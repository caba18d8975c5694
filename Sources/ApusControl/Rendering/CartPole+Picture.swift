import ApusData
import Foundation

extension CartPole {
    /// The track from one end to the other, the cart on it, the pole on the cart.
    public func picture() -> Image {
        var canvas = Canvas(width: 300, height: 160, ground: Palette.ground)
        let scale = 300 / (2 * Self.largestX + 0.6)
        let (middle, track) = (150 + x * scale, 130.0)
        canvas.stroke([[0, track], [300, track]], width: 1.5, Palette.ink)
        for end in [-Self.largestX, Self.largestX] {
            canvas.fillRectangle(x: 150 + end * scale - 1, y: track - 8, width: 2, height: 16, Palette.danger)
        }
        canvas.fillRectangle(x: middle - 20, y: track - 12, width: 40, height: 16, Palette.body)
        let top = Canvas.Point(
            middle + 2 * Self.halfLength * scale * sin(angle), track - 8 - 2 * Self.halfLength * scale * cos(angle))
        canvas.stroke([[middle, track - 8], top], width: 6, Palette.wood)
        canvas.fillCircle([middle, track - 8], radius: 3.5, Palette.ink)
        return canvas.image
    }
}

import ApusData
import Foundation

extension MountainCar {
    /// The valley, the flag and the car on the slope.
    public func picture() -> Image {
        var canvas = Canvas(width: 300, height: 180, ground: Palette.ground)
        let scale = 300 / (Self.positions.upperBound - Self.positions.lowerBound)
        func place(_ position: Double) -> Canvas.Point {
            [(position - Self.positions.lowerBound) * scale, 172 - Self.height(at: position) * scale * 0.95]
        }
        let slope = stride(from: Self.positions.lowerBound, through: Self.positions.upperBound + 0.01, by: 0.02).map(
            place)
        canvas.fill(slope + [[300, 180], [0, 180]], Palette.earth)
        canvas.stroke(slope, width: 1.5, Palette.ink)
        let flag = place(Self.goal)
        canvas.stroke([flag, flag - [0, 26]], width: 1.5, Palette.ink)
        canvas.fill([flag - [0, 26], flag - [-12, 22], flag - [0, 18]], Palette.goal)

        let (here, along) = (place(position), place(position + 0.01) - place(position - 0.01))
        let angle = atan2(along.y, along.x)
        func onCar(_ x: Double, _ y: Double) -> Canvas.Point {
            here + [cos(angle) * x + sin(angle) * y, sin(angle) * x - cos(angle) * y]
        }
        canvas.fill([onCar(-14, 4), onCar(14, 4), onCar(12, 13), onCar(-12, 13)], Palette.body)
        for wheel in [-8.0, 8] { canvas.fillCircle(onCar(wheel, 4), radius: 4, Palette.ink) }
        return canvas.image
    }
}

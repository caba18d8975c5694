"""Makes Goldens/gymnasium.json: what Gymnasium's environments do, for ApusControlTests to follow step by step.

    pip install "gymnasium[box2d]" numpy && python make-goldens.py
"""
import json
import pathlib

import gymnasium
import numpy as np

rng = np.random.default_rng(7)


def trajectory(name, steps, episodes):
    """Random actions; states are set in double precision, as Gymnasium keeps them."""
    world = gymnasium.make(name).unwrapped
    result = []
    for episode in range(episodes):
        world.reset(seed=episode)
        start = [float(value) for value in world.state]
        rows = []
        for _ in range(steps):
            action = int(rng.integers(world.action_space.n))
            _, reward, terminated, _, _ = world.step(action)
            rows.append([action, float(reward), int(terminated)] + [float(value) for value in world.state])
            if terminated:
                break
        result.append({"start": start, "steps": rows})
    return result


def swinging(episodes):
    """MountainCar with an engine that always pushes the way it moves, which reaches the flag."""
    world = gymnasium.make("MountainCar-v0").unwrapped
    result = []
    for episode in range(episodes):
        world.reset(seed=100 + episode)
        start = [float(value) for value in world.state]
        rows = []
        for _ in range(200):
            action = 2 if world.state[1] >= 0 else 0
            _, reward, terminated, _, _ = world.step(action)
            rows.append([action, float(reward), int(terminated)] + [float(value) for value in world.state])
            if terminated:
                break
        result.append({"start": start, "steps": rows})
    return result


def table(name, **options):
    world = gymnasium.make(name, **options).unwrapped
    chances = world.P
    return {
        "starts": [float(p) for p in world.initial_state_distrib],
        "table": [
            [[[float(p), int(s), float(r), int(t)] for p, s, r, t in chances[state][action]] for action in sorted(chances[state])]
            for state in sorted(chances)
        ],
    }


def flight():
    """LunarLander over its first moments, with the scatter of its engines written down."""
    world = gymnasium.make("LunarLander-v3").unwrapped
    result = []
    for episode in range(4):
        world.reset(seed=episode)
        # The legs swing into their joints' limits at first.
        for _ in range(25):
            world.step(0)
        start = [float(value) for value in observe(world)]
        rows = []
        for step in range(40):
            action = [0, 2, 1, 3][(step // 4 + episode) % 4]
            drawn = rng.uniform(-1, 1, 2)

            class Fixed:
                def __init__(self):
                    self.values = list(drawn)

                def uniform(self, low, high):
                    return self.values.pop(0)

            world.np_random, kept = Fixed(), world.np_random
            _, reward, terminated, _, _ = world.step(action)
            world.np_random = kept
            if terminated or any(leg.ground_contact for leg in world.legs):
                break
            rows.append([action, float(reward)] + [float(d) / 30 for d in drawn] + [float(v) for v in observe(world)])
        result.append({"start": start, "steps": rows})
    return result


def observe(world):
    """As LunarLander.step does, in double precision."""
    position, velocity = world.lander.position, world.lander.linearVelocity
    return [
        (position.x - 10) / 10,
        (position.y - (world.helipad_y + 0.6)) / (400 / 60),
        velocity.x * 10 / 50,
        velocity.y * (400 / 60) / 50,
        world.lander.angle,
        20 * world.lander.angularVelocity / 50,
    ]


goldens = {
    "cartPole": trajectory("CartPole-v1", 200, 6),
    "mountainCar": trajectory("MountainCar-v0", 60, 3) + swinging(3),
    "frozenLake": table("FrozenLake-v1", is_slippery=True),
    "frozenLakeDry": table("FrozenLake-v1", is_slippery=False),
    "frozenLake8x8": table("FrozenLake-v1", map_name="8x8"),
    "cliffWalking": table("CliffWalking-v1"),
    "taxi": table("Taxi-v4"),
    "lunarLander": flight(),
}

# Generalized advantages by their definition: sums of discounted errors up to the episode's end.
T, N, discount, decay = 7, 3, 0.97, 0.9
rewards, values = rng.normal(size=(T, N)), rng.normal(size=(T, N))
ends, last = rng.random((T, N)) < 0.25, rng.normal(size=N)
advantages = np.zeros((T, N))
for t in range(T):
    for n in range(N):
        for k in range(t, T):
            following = 0.0 if ends[k, n] else (last[n] if k == T - 1 else values[k + 1, n])
            advantages[t, n] += (discount * decay) ** (k - t) * (rewards[k, n] + discount * following - values[k, n])
            if ends[k, n]:
                break
goldens["advantages"] = {
    "rewards": rewards.tolist(), "values": values.tolist(), "ends": ends.astype(int).tolist(), "last": last.tolist(),
    "discount": discount, "decay": decay, "advantages": advantages.tolist(),
}

path = pathlib.Path(__file__).parent / "Goldens" / "gymnasium.json"
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps(goldens, separators=(",", ":")))

// Subgroups of software adapters, LANES wide everywhere: a lane is one of a processor's register. A load whose index
// differs from lane to lane takes as long as ten to thirty products, also where lanes read neighbours, so each lane loads
// another vec4, and broadcasts pass them round: constant lanes make them one or two instructions.

// 4, 8 or 16.
override LANES: u32;

// The vec4s of four lanes; a column is a lane's.
fn lanes_0_to_3(v: vec4f) -> mat4x4f {
  return mat4x4f(subgroupBroadcast(v, 0u), subgroupBroadcast(v, 1u), subgroupBroadcast(v, 2u), subgroupBroadcast(v, 3u));
}

fn lanes_4_to_7(v: vec4f) -> mat4x4f {
  return mat4x4f(subgroupBroadcast(v, 4u), subgroupBroadcast(v, 5u), subgroupBroadcast(v, 6u), subgroupBroadcast(v, 7u));
}

fn lanes_8_to_11(v: vec4f) -> mat4x4f {
  return mat4x4f(
    subgroupBroadcast(v, 8u),
    subgroupBroadcast(v, 9u),
    subgroupBroadcast(v, 10u),
    subgroupBroadcast(v, 11u),
  );
}

fn lanes_12_to_15(v: vec4f) -> mat4x4f {
  return mat4x4f(
    subgroupBroadcast(v, 12u),
    subgroupBroadcast(v, 13u),
    subgroupBroadcast(v, 14u),
    subgroupBroadcast(v, 15u),
  );
}

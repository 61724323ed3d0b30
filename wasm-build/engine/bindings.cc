// What web/sim/worker/physics.js, scene.js and names.js use of the official module, under its names.
// Where MuJoCo's structures have changed since (textures, normals, lights), what is given here has
// the form of the official module, so that the page's code is the same for both.

#include <emscripten/bind.h>
#include <mujoco/mujoco.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using emscripten::val;

namespace {

[[noreturn]] void Fail(const std::string& message) {
  val::global("Error").new_(val(message)).throw_();
  std::abort();
}

// A view of MuJoCo's memory. It has length 0 after the memory grew, as in the official module.
template <typename T>
val View(const T* array, size_t size) {
  return val(emscripten::typed_memory_view(array ? size : 0, array));
}

// As in MuJoCo 3, which has more.
enum State { mjSTATE_EQ_ACTIVE = 1 << 9, mjSTATE_INTEGRATION = (1 << 14) - 1 };
enum EnableBit { mjENBL_ENERGY_3 = 1 << 1, mjENBL_SLEEP_3 = 1 << 4 };

// As in MuJoCo 3, where spot lights are the default.
enum LightType { mjLIGHT_SPOT, mjLIGHT_DIRECTIONAL };

// An array of JavaScript's own, for what is made here and not MuJoCo's.
template <typename T>
val Copy(const std::vector<T>& values) {
  return View(values.data(), values.size()).template call<val>("slice");
}

class MjVFS {
 public:
  MjVFS() : vfs_(std::make_unique<mjVFS>()) { mj_defaultVFS(vfs_.get()); }
  ~MjVFS() { mj_deleteVFS(vfs_.get()); }
  MjVFS(const MjVFS&) = delete;

  void AddBuffer(const std::string& name, val bytes) {
    std::vector<uint8_t> data = emscripten::convertJSArrayToNumberVector<uint8_t>(bytes);
    if (mj_makeEmptyFileVFS(vfs_.get(), name.c_str(), data.size())) {
      Fail("cannot add the file '" + name + "': too many files, too long a name, or it is there");
    }
    int file = mj_findFileVFS(vfs_.get(), name.c_str());
    std::memcpy(vfs_->filedata[file], data.data(), data.size());
  }

  mjVFS* get() const { return vfs_.get(); }

 private:
  std::unique_ptr<mjVFS> vfs_;
};

struct MatAccessor {
  bool texuniform;
};
struct LightAccessor {
  bool castshadow;
};

class MjModel {
 public:
  explicit MjModel(mjModel* model)
      : m(model), eq_active0(model->eq_active, model->eq_active + model->neq) {}
  ~MjModel() { mj_deleteModel(m); }
  MjModel(const MjModel&) = delete;

  static std::unique_ptr<MjModel> FromXml(const std::string& xml, const MjVFS& files) {
    const char* name = "websim_model.xml";
    mjVFS* vfs = files.get();
    if (mj_makeEmptyFileVFS(vfs, name, xml.size())) Fail("the model does not fit into memory");
    std::memcpy(vfs->filedata[mj_findFileVFS(vfs, name)], xml.data(), xml.size());
    char error[1024] = "";
    mjModel* model = mj_loadXML(name, vfs, error, sizeof(error));
    if (!model) Fail(std::string("Loading error: ") + error);
    return std::make_unique<MjModel>(model);
  }

  MatAccessor Mat(int i) const { return {m->mat_texuniform[i] != 0}; }
  LightAccessor Light(int i) const { return {m->light_castshadow[i] != 0}; }

  // MuJoCo 3 has ten textures a material, by role; role 1 is the colour.
  val MatTexid() const {
    std::vector<int> roles(m->nmat * 10, -1);
    for (int i = 0; i < m->nmat; i++) roles[i * 10 + 1] = m->mat_texid[i];
    return Copy(roles);
  }
  val TexNchannel() const { return Copy(std::vector<int>(m->ntex, 3)); }
  val LightTypes() const {
    std::vector<int> types(m->nlight);
    for (int i = 0; i < m->nlight; i++) {
      types[i] = m->light_directional[i] ? mjLIGHT_DIRECTIONAL : mjLIGHT_SPOT;
    }
    return Copy(types);
  }

  // These belong to MjModel.
  mjOption* opt() const { return &m->opt; }
  mjStatistic* stat() const { return &m->stat; }

  mjModel* const m;
  const std::vector<mjtByte> eq_active0;
};

struct Warnings {
  mjData* d;
  mjWarningStat get(int kind) const { return d->warning[kind]; }
};

class MjData {
 public:
  explicit MjData(const MjModel& model) : d(mj_makeData(model.m)), m(model.m), warnings_{d} {
    if (!d) Fail("there is no memory for MjData");
  }
  ~MjData() { mj_deleteData(d); }
  MjData(const MjData&) = delete;

  double time() const { return d->time; }
  void set_time(double time) { d->time = time; }
  // Belongs to MjData, as in the official module: its users do not free it.
  Warnings* warning() const { return &warnings_; }

  mjData* const d;
  const mjModel* const m;

 private:
  mutable Warnings warnings_;
};

// Doubles in MuJoCo's memory.
class DoubleBuffer {
 public:
  explicit DoubleBuffer(int size) : values(size) {}
  val GetView() const { return View(values.data(), values.size()); }
  std::vector<double> values;
};

// MuJoCo 2 has no list of what a state is. Which constraints act is in its model; histories of
// actuators and sensors it does not have, nor bodies that sleep, and plugins keep no state.
int StateSize(const MjModel& model, int signature) {
  const mjModel* m = model.m;
  if (signature == mjSTATE_EQ_ACTIVE) return m->neq;
  return 1 + m->nq + 3 * m->nv + m->na + m->nu + 6 * m->nbody + m->neq + 7 * m->nmocap +
         m->nuserdata;
}
void GetState(const MjModel& model, const MjData&, DoubleBuffer& state, int) {
  std::copy_n(model.m->eq_active, model.m->neq, state.values.begin());
}
void SetState(MjModel& model, MjData&, val state, int) {
  auto values = emscripten::convertJSArrayToNumberVector<uint8_t>(state);
  std::copy(values.begin(), values.end(), model.m->eq_active);
}

void Step(MjModel& model, MjData& data) { mj_step(model.m, data.d); }
void Forward(MjModel& model, MjData& data) { mj_forward(model.m, data.d); }
void ResetData(MjModel& model, MjData& data) {
  mj_resetData(model.m, data.d);
  std::copy(model.eq_active0.begin(), model.eq_active0.end(), model.m->eq_active);
}
void RnePostConstraint(MjModel& model, MjData& data) { mj_rnePostConstraint(model.m, data.d); }

// MuJoCo's own handlers write a log file and end the process.
void OnError(const char* message) { Fail(std::string("MuJoCo Error: ") + message); }
void OnWarning(const char* message) { std::fprintf(stderr, "MuJoCo warning: %s\n", message); }

}  // namespace

#define SIZE(name) .property(#name, +[](const MjModel& model) { return model.m->name; })
#define MODEL(name, size) \
  .property(#name, +[](const MjModel& model) { \
    const mjModel* m = model.m; \
    return View(m->name, size); \
  })
#define DATA(name, size) \
  .property(#name, +[](const MjData& data) { \
    const mjModel* m = data.m; \
    return View(data.d->name, size); \
  })

EMSCRIPTEN_BINDINGS(mujoco) {
  using namespace emscripten;

  mju_user_error = OnError;
  mju_user_warning = OnWarning;

  class_<MjVFS>("MjVFS").constructor<>().function("addBuffer", &MjVFS::AddBuffer);

  class_<MatAccessor>("MatAccessor").property("texuniform", &MatAccessor::texuniform);
  class_<LightAccessor>("LightAccessor").property("castshadow", &LightAccessor::castshadow);
  class_<mjOption>("MjOption").property("timestep", &mjOption::timestep)
      // Nothing that these flags enable in MuJoCo 2 is remembered besides the state.
      .property("enableflags", +[](const mjOption&) { return 0; });
  class_<mjStatistic>("MjStatistic")
      .property("extent", &mjStatistic::extent)
      .property("center", +[](const mjStatistic& stat) { return View(stat.center, 3); });
  class_<mjWarningStat>("MjWarningStat").property("number", &mjWarningStat::number);
  class_<Warnings>("MjWarnings").function("get", &Warnings::get);

  class_<MjModel>("MjModel")
      .class_function("from_xml_string", &MjModel::FromXml)
      .function("mat", &MjModel::Mat)
      .function("light", &MjModel::Light)
      .property("opt", &MjModel::opt, return_value_policy::reference())
      .property("stat", &MjModel::stat, return_value_policy::reference())
      SIZE(nq) SIZE(nv) SIZE(na) SIZE(nu) SIZE(nbody) SIZE(njnt) SIZE(ngeom) SIZE(nsite)
      SIZE(ntendon) SIZE(neq) SIZE(nmocap) SIZE(nuserdata) SIZE(nsensordata) SIZE(nmat) SIZE(ntex)
      SIZE(nmesh) SIZE(nhfield) SIZE(nlight)
      MODEL(names, m->nnames)
      MODEL(name_bodyadr, m->nbody) MODEL(name_jntadr, m->njnt) MODEL(name_geomadr, m->ngeom)
      MODEL(name_siteadr, m->nsite) MODEL(name_actuatoradr, m->nu) MODEL(name_matadr, m->nmat)
      MODEL(name_texadr, m->ntex)
      MODEL(qpos0, m->nq) MODEL(body_mass, m->nbody) MODEL(body_dofnum, m->nbody)
      MODEL(actuator_ctrlrange, m->nu * 2)
      MODEL(geom_type, m->ngeom) MODEL(geom_matid, m->ngeom) MODEL(geom_bodyid, m->ngeom)
      MODEL(geom_group, m->ngeom) MODEL(geom_dataid, m->ngeom) MODEL(geom_size, m->ngeom * 3)
      MODEL(geom_pos, m->ngeom * 3) MODEL(geom_quat, m->ngeom * 4) MODEL(geom_rgba, m->ngeom * 4)
      MODEL(mat_texrepeat, m->nmat * 2) MODEL(mat_specular, m->nmat) MODEL(mat_shininess, m->nmat)
      MODEL(mat_reflectance, m->nmat) MODEL(mat_emission, m->nmat) MODEL(mat_rgba, m->nmat * 4)
      MODEL(tex_type, m->ntex) MODEL(tex_width, m->ntex) MODEL(tex_height, m->ntex)
      MODEL(tex_adr, m->ntex)
      MODEL(mesh_vertadr, m->nmesh) MODEL(mesh_vertnum, m->nmesh) MODEL(mesh_faceadr, m->nmesh)
      MODEL(mesh_facenum, m->nmesh) MODEL(mesh_vert, m->nmeshvert * 3)
      MODEL(mesh_face, m->nmeshface * 3) MODEL(mesh_normal, m->nmeshvert * 3)
      MODEL(hfield_nrow, m->nhfield) MODEL(hfield_ncol, m->nhfield) MODEL(hfield_adr, m->nhfield)
      MODEL(hfield_size, m->nhfield * 4) MODEL(hfield_data, m->nhfielddata)
      MODEL(light_pos, m->nlight * 3) MODEL(light_dir, m->nlight * 3)
      MODEL(light_diffuse, m->nlight * 3) MODEL(light_ambient, m->nlight * 3)
      MODEL(light_bodyid, m->nlight)
      // Other names or forms in MuJoCo 2.
      .property("nout", +[](const MjModel& model) { return model.m->nu; })
      .property("nhistory", +[](const MjModel&) { return 0; })
      .property("npluginstate", +[](const MjModel&) { return 0; })
      .property("mat_texid", &MjModel::MatTexid)
      .property("tex_nchannel", &MjModel::TexNchannel)
      .property("light_type", &MjModel::LightTypes)
      .property("tex_data", +[](const MjModel& model) { return View(model.m->tex_rgb, model.m->ntexdata); })
      // MuJoCo 3 has normals apart from vertices, and their indices for each face. Here each vertex
      // has one: the normals of a face's corners are those of its vertices.
      .property("mesh_normaladr", +[](const MjModel& model) { return View(model.m->mesh_vertadr, model.m->nmesh); })
      .property("mesh_facenormal", +[](const MjModel& model) { return View(model.m->mesh_face, model.m->nmeshface * 3); });

  class_<MjData>("MjData")
      .constructor<const MjModel&>()
      .property("time", &MjData::time, &MjData::set_time)
      .property("warning", &MjData::warning, return_value_policy::reference())
      // STATE and FIELDS of web/python/websim/physics/__init__.py.
      DATA(qpos, m->nq) DATA(qvel, m->nv) DATA(act, m->na) DATA(ctrl, m->nu)
      DATA(qacc_warmstart, m->nv) DATA(qfrc_applied, m->nv) DATA(xfrc_applied, m->nbody * 6)
      DATA(mocap_pos, m->nmocap * 3) DATA(mocap_quat, m->nmocap * 4)
      DATA(userdata, m->nuserdata) DATA(xpos, m->nbody * 3) DATA(xquat, m->nbody * 4)
      DATA(xmat, m->nbody * 9) DATA(xipos, m->nbody * 3) DATA(ximat, m->nbody * 9)
      DATA(subtree_com, m->nbody * 3) DATA(geom_xpos, m->ngeom * 3) DATA(geom_xmat, m->ngeom * 9)
      DATA(site_xpos, m->nsite * 3) DATA(site_xmat, m->nsite * 9) DATA(cinert, m->nbody * 10)
      DATA(cvel, m->nbody * 6) DATA(cacc, m->nbody * 6) DATA(cfrc_int, m->nbody * 6)
      DATA(cfrc_ext, m->nbody * 6) DATA(qacc, m->nv) DATA(qfrc_bias, m->nv)
      DATA(qfrc_passive, m->nv) DATA(qfrc_actuator, m->nv) DATA(qfrc_constraint, m->nv)
      DATA(actuator_length, m->nu) DATA(actuator_velocity, m->nu) DATA(actuator_force, m->nu)
      DATA(ten_length, m->ntendon) DATA(ten_velocity, m->ntendon)
      DATA(sensordata, m->nsensordata)
      .property("history", +[](const MjData&) { return Copy(std::vector<double>()); })
      .property("plugin_state", +[](const MjData&) { return Copy(std::vector<double>()); });

  class_<DoubleBuffer>("DoubleBuffer").constructor<int>().function("GetView", &DoubleBuffer::GetView);

  function("mj_step", &Step);
  function("mj_forward", &Forward);
  function("mj_stateSize", &StateSize);
  function("mj_getState", &GetState);
  function("mj_setState", &SetState);
  function("mj_resetData", &ResetData);
  function("mj_rnePostConstraint", &RnePostConstraint);

  enum_<LightType>("mjtLightType")
      .value("mjLIGHT_SPOT", mjLIGHT_SPOT)
      .value("mjLIGHT_DIRECTIONAL", mjLIGHT_DIRECTIONAL);
  enum_<State>("mjtState")
      .value("mjSTATE_EQ_ACTIVE", mjSTATE_EQ_ACTIVE)
      .value("mjSTATE_INTEGRATION", mjSTATE_INTEGRATION);
  enum_<EnableBit>("mjtEnableBit")
      .value("mjENBL_ENERGY", mjENBL_ENERGY_3)
      .value("mjENBL_SLEEP", mjENBL_SLEEP_3);
  enum_<mjtWarning>("mjtWarning")
      .value("mjWARN_BADQPOS", mjWARN_BADQPOS)
      .value("mjWARN_BADQVEL", mjWARN_BADQVEL)
      .value("mjWARN_BADQACC", mjWARN_BADQACC);
}

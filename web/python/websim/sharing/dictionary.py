"""What links say again and again, so that it costs them next to nothing.

It belongs to version 1 of the envelope: a changed byte makes all links unreadable that there are.
"""

DICTIONARY = (
    b'"task_options":{"xml_file":"terminate_when_unhealthy":false,"frame_skip":'
    b'"world":{"terrain":{"events":[{"kind":"size":"levels":"roughness":"op":"scale","range":['
    b'"robot":{"floor":0,"main":"robot.xml","files":{"<mujoco model=\\"<compiler angle=\\"radian\\"'
    b'<option timestep=<default><geom type=\\"capsule\\" fromto=\\" size=\\" rgba=\\" '
    b'<worldbody><body name=\\" pos=\\"0 0 <freejoint/><joint name=\\" type=\\"hinge\\" axis='
    b'\\"0 1 0\\" range=\\" damping=</body></worldbody><actuator><motor joint=\\" gear=\\" '
    b'ctrlrange=\\"-1 1\\"/></actuator></mujoco>'
    b'"reward":"def reward(now, before, action):\\n    return {\\"'
    b'"measure":"def measure(now, before):\\n    return now.body(\\"torso\\").velocity'
    b'"activation":"elu","silu","relu","tanh","target_kl":null,"normalize"'
    b'"task":"Humanoid-v5HumanoidStandup-v5InvertedDoublePendulum-v5InvertedPendulum-v5Pusher-v5'
    b'Reacher-v5Swimmer-v5Walker2d-v5Hopper-v5QuadrupedBalance-v0QuadrupedWalk-v0Robot-v0"'
    b'"algorithm":"reinforce""algorithm":"es","hyperparameters":{"weight_decay":0.005,'
    b'"algorithm":"ars","hyperparameters":{"alive_bonus":1,"hidden_sizes":[],"learning_rate":0.015,'
    b'"num_envs":120,"num_top":20,"sigma":0.025,"total_timesteps":'
    b'"ent_coef":0.01,"log_std_init":-2,"gamma":0.995,"total_timesteps":800000,500000,3000000,'
    b'"hyperparameters":{"activation":"tanh","anneal_lr":true,"clip_coef":0.2,"clip_vloss":true,'
    b'"ent_coef":0,"gae_lambda":0.95,"gamma":0.99,"hidden_sizes":[64,64],"hidden_sizes":[32,32],'
    b'"learning_rate":0.0003,"log_std_init":0,"max_grad_norm":0.5,"norm_adv":true,"num_envs":32,'
    b'"num_minibatches":32,"num_steps":64,"target_kl":null,"total_timesteps":1000000,'
    b'"update_epochs":10,"vf_coef":0.5,'
    b'"hyperparameters":{"learning_rate":0.0006,"num_envs":64,"num_minibatches":16,"num_steps":32},'
    b'"claim":{"engine":"mujoco 3.14.0 Darwin arm64 ASIMD mujoco 3.14.0 Linux x86_64 AVX2 '
    b'AVX512_SKXmujoco-3.14.0-3cada0198ecc in WebAssembly","episodes":20,"mean_measure":null,'
    b'"mean_return":-,"measure_std":null,"return_std":,"seed":0},"experiment":{"algorithm":"ars",'
    b'"author":"","parent":"","reward":"","seed":1,"task":"HalfCheetah-v5"},"title":"Ant-v5"},'
    b'"global_step":1000000,"iteration":488}'
)

// The one file that compiles tinyobjloader, which is a header.
#define TINYOBJLOADER_IMPLEMENTATION
#include <tiny_obj_loader.h>
